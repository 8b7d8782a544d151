//! Partial hydration: a page is hydrated chunk by chunk, each in a task of its own, and static parts are never hydrated.
//!
//! # Reason
//! Leptos hydrates a whole page in one task. On a slow phone, the export page then ignored input for half a second. With
//! chunks, the browser handles input between two tasks. Parts without behaviour (navigation, headings, tables) stay the
//! server's HTML, so the browser does no work for them, and the linker drops the code that renders them from the WASM.
//!
//! # How it works
//! - The server renders the children of a [`HydrationChunk`] to a string and writes it as the `inner_html` of a `div`.
//! - In the browser, leptos hydrates the `div` as an element without children. [`hydrate_later`] queues a task, which
//!   hydrates the children against the nodes that are inside the `div`.
//! - Chunks may be nested. A chunk is hydrated after the element around it and after the chunks before it.
//! - After the last task, the body gets the attribute `data-hydrated`, and [`is_hydrated`] becomes true.
//! - [`static_html`] writes a view in the same way and never hydrates it.
//!
//! Two rules follow for components:
//! - Until [`is_hydrated`] is true, only a chunk itself may change what it shows. State that several chunks show must not
//!   change before; otherwise a chunk renders something else than the server did, and hydration panics.
//! - A chunk and static HTML are rendered by the server only. They cannot be inside a view that appears later (`Show`), nor
//!   inside `Suspense`.
//!
//! # Risk
//! This uses interfaces that leptos 0.8 (tachys 0.2) exports but does not promise to keep; `Cargo.lock` pins both.
//! - `RenderHtml::to_html` must write the same markers (`<!>` between text nodes) that `RenderHtml::hydrate::<true>` reads.
//!   If it does not, hydration panics with "unrecoverable hydration error".
//! - `Cursor::new(element)` with `PositionState::default()` (`FirstChild`) must begin at the first child of the element. If
//!   the meaning changes, hydration panics or binds event handlers to the wrong elements.
//! - An element with `inner_html` must not read its children during hydration. If it does, the outer hydration panics.
//! - Dropping the returned state must be all that would detach a view: the state is leaked, because it lives as long as the
//!   page.
//! - `to_html` does not collect contexts or resources: `use_context` works because the owner is the same, and data come
//!   from [`super::page_data`] and not from a `Resource`.
//!
//! # Tests
//! - The unit tests below hold the HTML that the server writes.
//! - `end2end/hydration.spec.ts` loads every hydrated page and fails on any message on the console, which includes hydration
//!   warnings. `end2end/early-input.spec.ts` fills in fields, opens parts and submits forms between two chunks.

use std::time::Duration;

use leptos::prelude::*;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::view::{PositionState, RenderHtml};

use super::browser;

/// The progress of a page's hydration.
#[derive(Clone, Copy)]
struct HydrationState {
    /// Tasks that have not run yet.
    pending: StoredValue<usize>,
    is_complete: RwSignal<bool>,
}

/// Provides the state of hydration to the page. Must be called once, before any chunk is created.
pub fn provide() {
    provide_context(HydrationState { pending: StoredValue::new(0), is_complete: RwSignal::new(false) });
}

/// Returns whether every chunk is hydrated. Always false on the server.
pub fn is_hydrated() -> ReadSignal<bool> {
    expect_context::<HydrationState>().is_complete.read_only()
}

/// Hydrates its children in a task of their own. See the module for the rules.
#[component]
pub fn HydrationChunk<V: IntoView + 'static>(children: TypedChildren<V>) -> impl IntoView {
    let children = children.into_inner();
    let node = NodeRef::<leptos::html::Div>::new();
    let html = if cfg!(target_family = "wasm") {
        hydrate_later(move || {
            if let Some(node) = node.get_untracked() {
                let state = children().hydrate::<true>(&Cursor::new(node.into()), &PositionState::default());
                // The view lives as long as the page.
                std::mem::forget(state);
            }
        });
        String::new()
    } else {
        children().to_html()
    };
    view! { <div class="part" node_ref=node inner_html=html></div> }
}

/// Renders a view on the server and never hydrates it. The browser does not call `view`.
pub fn static_html<V: IntoView>(view: impl FnOnce() -> V) -> impl IntoView {
    let html = if cfg!(target_family = "wasm") { String::new() } else { view().into_view().to_html() };
    view! { <div class="part" inner_html=html></div> }
}

/// Runs `task` in a task of its own before hydration is complete, with the current owner. Does nothing on the server.
pub fn hydrate_later(task: impl FnOnce() + 'static) {
    if !cfg!(target_family = "wasm") {
        return;
    }
    let (owner, HydrationState { pending, is_complete }) = (Owner::current(), expect_context());
    pending.update_value(|pending| *pending += 1);
    run_in_new_task(move || {
        match &owner {
            Some(owner) => owner.with(task),
            None => task(),
        }
        pending.update_value(|pending| *pending -= 1);
        if pending.get_value() == 0 {
            // In another task, so that the effects of the last chunk run first.
            run_in_new_task(move || {
                browser::mark_hydrated();
                is_complete.set(true);
            });
        }
    });
}

/// Runs `task` after the current task and those queued before. Must be called in the browser only.
pub fn run_in_new_task(task: impl FnOnce() + 'static) {
    set_timeout(task, Duration::ZERO);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html<V: IntoView>(view: impl FnOnce() -> V) -> String {
        Owner::new().with(|| {
            provide();
            view().into_view().to_html()
        })
    }

    #[test]
    fn a_chunk_is_written_as_the_html_of_a_div() {
        let chunk = html(|| {
            view! {
                <HydrationChunk>
                    <p>{1} " of " {2}</p>
                    <HydrationChunk><b>"a < b"</b></HydrationChunk>
                </HydrationChunk>
            }
        });
        // The markers between the text nodes are what hydration reads.
        assert_eq!(
            chunk,
            "<div class=\"part\"><p>1<!> of <!>2<!><!></p><div class=\"part\"><b>a &lt; b<!></b></div><!></div>"
        );
    }

    #[test]
    fn static_html_is_written_like_a_chunk() {
        assert_eq!(html(|| static_html(|| view! { <i>"fixed"</i> })), "<div class=\"part\"><i>fixed<!></i></div>");
    }

    #[test]
    fn the_server_runs_no_hydration_task_and_its_page_is_not_hydrated() {
        Owner::new().with(|| {
            provide();
            hydrate_later(|| panic!("a hydration task ran on the server"));
            assert!(!is_hydrated().get_untracked());
        });
    }
}
