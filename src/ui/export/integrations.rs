//! The selection, as other tools ask for it.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::snippets::{TOKEN, Tool};
use crate::api::paths::TOKENS_PATH;
use crate::api::signed_url::{MINUTES, SignedLink};
use crate::error::ApiError;
use crate::export_params::ExportParams;
use crate::functions::signed_url::sign_link;
use crate::ui::copy_button::CopyButton;
use crate::ui::disclosure::Disclosure;
use crate::ui::{browser, page_data};

/// Which of the offered minutes the settings allow; the most that they allow where that is less than all of them.
fn offered(most: u32) -> Vec<u32> {
    let mut minutes: Vec<_> = MINUTES.into_iter().filter(|minutes| *minutes <= most).collect();
    if minutes.is_empty() {
        minutes.push(most);
    }
    minutes
}

/// A choice of tools, and what to copy for the chosen one.
#[component]
pub fn UseFrom(
    /// What the form describes.
    params: Signal<Result<ExportParams, ApiError>>,
    /// For how many minutes a link may work.
    link_max_minutes: u32,
) -> impl IntoView {
    let language = page_data::language();
    let words = language.export();
    let chosen = RwSignal::new(Tool::Url);
    let tools = move || {
        Tool::ALL.map(|tool| {
            view! {
                <label class="chip">
                    <input
                        type="radio"
                        name="tool"
                        class="visually-hidden"
                        prop:checked=move || chosen.get() == tool
                        on:change=move |_| chosen.set(tool)
                    />
                    {tool.name()}
                </label>
            }
        })
    };
    let snippet = move || match params.get() {
        Ok(params) => {
            let tool = chosen.get();
            let id = format!("snippet-{}", tool.as_str());
            view! {
                <div class="snippet">
                    <textarea
                        id=id.clone()
                        class="code"
                        readonly
                        spellcheck="false"
                        rows=tool.snippet("", &params).lines().count().to_string()
                        aria-label=tool.name()
                        prop:value=tool.snippet(&browser::origin(), &params)
                    ></textarea>
                    <CopyButton of=id label=(words.copy_for)(tool.name())/>
                </div>
            }
            .into_any()
        }
        Err(error) => view! { <p class="problem" role="alert">{language.error(&error)}</p> }.into_any(),
    };
    let hint = move || match chosen.get() {
        Tool::Sheets => view! { <p class="hint">{words.sheets_hint}</p> }.into_any(),
        _ => view! {
            <p class="hint">
                {(words.token_hint)(TOKEN)} " " <a href=TOKENS_PATH target="_blank">{words.make_token}</a>
            </p>
        }
        .into_any(),
    };
    let fold = Disclosure::folded();
    view! {
        <details
            class="card needs-script use-from"
            node_ref=fold.details
            on:toggle=move |_| fold.look()
        >
            <summary>{words.use_from}</summary>
            <Show when=move || fold.is_open.get()>
                <div class="stack">
                    <fieldset class="chips">
                        <legend class="visually-hidden">{words.tool}</legend>
                        {tools().into_iter().collect_view()}
                    </fieldset>
                    {hint}
                    {snippet}
                    <Link params link_max_minutes/>
                </div>
            </Show>
        </details>
    }
}

/// A link that needs no token: asks for how long, signs and copies.
#[component]
fn Link(params: Signal<Result<ExportParams, ApiError>>, link_max_minutes: u32) -> impl IntoView {
    let language = page_data::language();
    let words = language.export();
    let choices = offered(link_max_minutes);
    let minutes = RwSignal::new(choices[0].to_string());
    let signed = RwSignal::new(None::<Result<SignedLink, ApiError>>);
    let told = RwSignal::new(String::new());
    let forget = move || {
        signed.set(None);
        told.set(String::new());
    };
    // Another selection is another link: the one that is shown is for what was selected then.
    Effect::new(move |before: Option<()>| {
        params.track();
        if before.is_some() {
            forget();
        }
    });
    let make = move |_| {
        forget();
        let asked_for = params.get_untracked();
        spawn_local(async move {
            let asked = match &asked_for {
                Ok(params) => sign_link(params.to_query(), minutes.get_untracked()).await,
                Err(error) => Err(error.clone()),
            };
            if params.get_untracked() != asked_for {
                return;
            }
            if let Ok(SignedLink { url, minutes }) = &asked {
                let copied = browser::copy(&format!("{}{url}", browser::origin())).await;
                let how = if copied { words.link_copied } else { words.link_below };
                told.set((words.link_works)(how, &language.minutes(*minutes)));
            }
            signed.set(Some(asked));
        });
    };
    let options = choices
        .into_iter()
        .map(|minutes| view! { <option value=minutes.to_string()>{language.minutes(minutes)}</option> });
    view! {
        <h2>{words.link_title}</h2>
        <p class="hint">{words.link_hint}</p>
        <div class="copyable">
            <div class="field">
                <label for="link-minutes">{words.link_for}</label>
                <select
                    id="link-minutes"
                    prop:value=move || minutes.get()
                    on:change:target=move |event| minutes.set(event.target().value())
                >
                    {options.collect_view()}
                </select>
            </div>
            <button type="button" on:click=make>{words.copy_link}</button>
        </div>
        <p role="status">{move || told.get()}</p>
        {move || signed.get().map(|signed| match signed {
            Ok(signed) => leptos::either::Either::Left(view! {
                <div class="copyable">
                    <input
                        id="signed-link"
                        aria-label=words.the_link
                        readonly
                        prop:value=format!("{}{}", browser::origin(), signed.url)
                    />
                    <CopyButton of="signed-link"/>
                </div>
            }),
            Err(error) => leptos::either::Either::Right(view! {
                <p class="problem" role="alert">{language.error(&error)}</p>
            }),
        })}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_offered_than_the_settings_allow() {
        assert_eq!(offered(60), [5, 15, 60]);
        assert_eq!(offered(2), [2]);
        assert_eq!(offered(100_000), MINUTES);
    }
}
