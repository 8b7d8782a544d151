//! Parts of a page that come alive in tasks of their own, one after another, and parts that never do. All at once would
//! keep a phone from answering for half a second; so it answers in between.
//!
//! Both are what the server made of them when the page was: they are nothing for what is shown only later, nor for what
//! waits for data.

use std::time::Duration;

use leptos::prelude::*;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::view::{PositionState, RenderHtml};

use super::browser;

/// The parts of a page.
#[derive(Clone, Copy)]
struct Parts {
    /// How many are still to come alive.
    waiting: StoredValue<usize>,
    /// Whether all of them are.
    alive: RwSignal<bool>,
}

/// Has the page say that it is alive once all of its parts are. Has to be called once, before them.
pub fn provide() {
    provide_context(Parts { waiting: StoredValue::new(0), alive: RwSignal::new(false) });
}

/// Whether all of the page answers to clicks.
pub fn alive() -> ReadSignal<bool> {
    expect_context::<Parts>().alive.read_only()
}

/// What is inside comes alive after what is around it, and after the parts beside it that come before. Until then it is as
/// the server made it, so nothing but itself may change what it shows: what parts share is shown by one of them alone, or
/// changes only once the page is [`alive`].
#[component]
pub fn HydrationChunk<V: IntoView + 'static>(children: TypedChildren<V>) -> impl IntoView {
    let children = children.into_inner();
    let node = NodeRef::<leptos::html::Div>::new();
    let html = if cfg!(target_family = "wasm") {
        hydrate_later(move || {
            if let Some(node) = node.get_untracked() {
                let state = children().hydrate::<true>(&Cursor::new(node.into()), &PositionState::default());
                // It lives as long as the page does.
                std::mem::forget(state);
            }
        });
        String::new()
    } else {
        children().to_html()
    };
    view! { <div class="part" node_ref=node inner_html=html></div> }
}

/// What stays as the server made it, so that the browser need not know how that is done.
pub fn still<V: IntoView + 'static>(view: impl FnOnce() -> V) -> impl IntoView {
    let html = if cfg!(target_family = "wasm") { String::new() } else { view().into_view().to_html() };
    view! { <div class="part" inner_html=html></div> }
}

/// Does what a component has to do before the page is alive, in a task of its own. On the server, nothing.
pub fn hydrate_later(act: impl FnOnce() + 'static) {
    if !cfg!(target_family = "wasm") {
        return;
    }
    let (owner, Parts { waiting, alive }) = (Owner::current(), expect_context());
    waiting.update_value(|parts| *parts += 1);
    after_this_task(move || {
        match &owner {
            Some(owner) => owner.with(act),
            None => act(),
        }
        waiting.update_value(|parts| *parts -= 1);
        if waiting.get_value() == 0 {
            // After the effects of this one.
            after_this_task(move || {
                browser::say_alive();
                alive.set(true);
            });
        }
    });
}

/// Does something in a task of its own, after those that were asked for before. To be called in the browser only.
pub fn after_this_task(act: impl FnOnce() + 'static) {
    set_timeout(act, Duration::ZERO);
}
