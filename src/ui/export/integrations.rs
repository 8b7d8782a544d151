//! "Use in other tools": snippets that fetch the selection, and signed links.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::preview::sheet_limit::OTHER_TOOLS;
use super::snippets::{TOKEN, Tool};
use crate::api::language::Language;
use crate::api::paths::TOKENS_PATH;
use crate::api::signed_url::{MINUTES, SignedLink};
use crate::error::ApiError;
use crate::export_params::ExportParams;
use crate::functions::signed_url::sign_link;
use crate::ui::controls::copy_button::CopyButton;
use crate::ui::controls::disclosure::Disclosure;
use crate::ui::layout::sign_in_link;
use crate::ui::{browser, page_data};

/// Returns the lifetimes of links to offer, in minutes: those up to the maximum, or the maximum if it is less than all.
fn offered_minutes(max: u32) -> Vec<u32> {
    let mut minutes: Vec<_> = MINUTES.into_iter().filter(|minutes| *minutes <= max).collect();
    if minutes.is_empty() {
        minutes.push(max);
    }
    minutes
}

/// The disclosure with the tools and their snippets.
///
/// `params`: the parameters of the selection, or why they are invalid. `link_max_minutes`: the longest lifetime of a link.
pub fn integrations(params: Signal<Result<ExportParams, ApiError>>, link_max_minutes: u32) -> impl IntoView {
    let texts = page_data::language().export();
    let disclosure = Disclosure::closed();
    view! {
        <details
            id=OTHER_TOOLS
            class="card needs-script use-from"
            node_ref=disclosure.details
            on:toggle=move |_| disclosure.sync()
        >
            <summary><h2>{texts.use_from}</h2></summary>
            // Seen if it is opened before it is hydrated.
            {move || {
                if disclosure.is_open.get() {
                    tools(params, link_max_minutes).into_any()
                } else {
                    view! { <p class="hint">{texts.loading}</p> }.into_any()
                }
            }}
        </details>
    }
}

/// The choice of tools, the snippet of the chosen one, and the signed link.
fn tools(params: Signal<Result<ExportParams, ApiError>>, link_max_minutes: u32) -> impl IntoView {
    let language = page_data::language();
    let texts = language.export();
    let chosen = RwSignal::new(Tool::Url);
    let buttons = Tool::ALL.map(|tool| {
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
    });
    view! {
        <div class="stack">
            <fieldset class="chips">
                <legend class="visually-hidden">{texts.tool}</legend>
                {buttons.into_iter().collect_view()}
            </fieldset>
            {move || hint(chosen.get(), language)}
            {move || {
                let is_relative = params.with(|params| params.as_ref().is_ok_and(|params| params.range.is_relative()));
                is_relative.then(|| view! { <p class="hint">{texts.stays_relative}</p> })
            }}
            {move || match params.get() {
                Ok(params) => snippet(chosen.get(), &params, language).into_any(),
                Err(error) => problem(&error, language).into_any(),
            }}
            {link(params, link_max_minutes)}
        </div>
    }
}

/// Says how a tool signs in.
fn hint(tool: Tool, language: Language) -> AnyView {
    let texts = language.export();
    let hint = match tool {
        Tool::Sheets => return view! { <p class="hint">{texts.sheets_hint}</p> }.into_any(),
        // The address alone has no token.
        Tool::Url => (texts.url_hint)("Authorization: Bearer …"),
        _ => (texts.token_hint)(TOKEN),
    };
    view! { <p class="hint">{hint} " " <a href=browser::local(TOKENS_PATH) target="_blank">{texts.create_token}</a></p> }.into_any()
}

fn snippet(tool: Tool, params: &ExportParams, language: Language) -> impl IntoView + use<> {
    let id = format!("snippet-{}", tool.as_str());
    let text = tool.snippet(&browser::origin(), params);
    view! {
        <div class="snippet">
            <textarea
                id=id.clone()
                class="code"
                readonly
                spellcheck="false"
                rows=text.lines().count().to_string()
                aria-label=tool.name()
                prop:value=text
            ></textarea>
            <CopyButton of=id label=(language.export().copy_for)(tool.name())/>
        </div>
    }
}

fn problem(error: &ApiError, language: Language) -> impl IntoView + use<> {
    view! {
        <p class="problem" role="alert">
            {language.selection_error(error)} " " {sign_in_link(error.is_unauthenticated(), language)}
        </p>
    }
}

/// The signed link that was created last.
#[derive(Clone, Copy)]
struct LinkState {
    link: RwSignal<Option<Result<SignedLink, ApiError>>>,
    /// The message that a link was created.
    message: RwSignal<String>,
}

impl LinkState {
    fn new() -> Self {
        Self { link: RwSignal::new(None), message: RwSignal::new(String::new()) }
    }

    /// Forgets the link.
    fn clear(self) {
        self.link.set(None);
        self.message.set(String::new());
    }

    /// Shows the link, or why it was not created.
    fn show(self, result: Result<SignedLink, ApiError>, is_copied: bool, language: Language) {
        if let Ok(SignedLink { minutes, .. }) = &result {
            let texts = language.export();
            let lead = if is_copied { texts.link_copied } else { texts.link_below };
            self.message.set((texts.link_works)(lead, &language.minutes(*minutes)));
        }
        self.link.set(Some(result));
    }
}

/// Creates a link that needs no token, and copies it.
fn link(params: Signal<Result<ExportParams, ApiError>>, link_max_minutes: u32) -> impl IntoView {
    let language = page_data::language();
    let texts = language.export();
    let offered = offered_minutes(link_max_minutes);
    let minutes = RwSignal::new(offered[0].to_string());
    let state = LinkState::new();
    // A link is for the selection for which it was created.
    Effect::new(move |before: Option<()>| {
        params.track();
        if before.is_some() {
            state.clear();
        }
    });
    let create = move |_| {
        state.clear();
        let selected = params.get_untracked();
        let copy = browser::PendingCopy::begin();
        spawn_local(async move {
            let result = match &selected {
                Ok(params) => sign_link(params.to_query(), minutes.get_untracked()).await,
                Err(error) => Err(error.clone()),
            };
            let is_current = params.get_untracked() == selected;
            let link = result.as_ref().ok().filter(|_| is_current).map(absolute);
            let is_copied = copy.finish(link.as_deref()).await;
            if params.get_untracked() == selected {
                state.show(result, is_copied, language);
            }
        });
    };
    let options = offered
        .into_iter()
        .map(|minutes| view! { <option value=minutes.to_string()>{language.minutes(minutes)}</option> });
    view! {
        <h3>{texts.link_title}</h3>
        <p class="hint">{texts.link_hint}</p>
        <div class="copyable">
            <div class="field">
                <label for="link-minutes">{texts.link_for}</label>
                <select
                    id="link-minutes"
                    prop:value=move || minutes.get()
                    on:change:target=move |event| minutes.set(event.target().value())
                >
                    {options.collect_view()}
                </select>
            </div>
            <button type="button" on:click=create>{texts.copy_link}</button>
        </div>
        <p role="status">{move || state.message.get()}</p>
        {move || state.link.get().map(|link| link_view(link, language))}
    }
}

fn link_view(link: Result<SignedLink, ApiError>, language: Language) -> impl IntoView {
    match link {
        Ok(link) => Either::Left(view! {
            <div class="copyable">
                <input id="signed-link" aria-label=language.export().the_link readonly prop:value=absolute(&link)/>
                <CopyButton of="signed-link"/>
            </div>
        }),
        Err(error) => Either::Right(problem(&error, language)),
    }
}

/// Returns the link with scheme, host and port.
fn absolute(link: &SignedLink) -> String {
    format!("{}{}", browser::origin(), link.url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::Content;
    use crate::ui::test_support::{render, to_html, with_owner};

    fn html(params: Result<ExportParams, ApiError>) -> String {
        render(Language::English, Content::Nothing, move || tools(Signal::stored(params), 15))
    }

    #[test]
    fn no_longer_lifetime_is_offered_than_the_settings_allow() {
        assert_eq!(offered_minutes(60), [5, 15, 60]);
        assert_eq!(offered_minutes(2), [2]);
        assert_eq!(offered_minutes(100_000), MINUTES);
    }

    #[test]
    fn the_tools_are_listed_with_the_snippet_of_the_first_one_and_the_form_for_a_link() {
        let html = html(Ok(ExportParams::default()));
        assert_eq!(html.matches("type=\"radio\"").count(), Tool::ALL.len(), "{html}");
        for part in [
            "<textarea id=\"snippet-url\" readonly spellcheck=\"false\" rows=\"1\" aria-label=\"URL\" class=\"code\">",
            "aria-label=\"Copy: URL\"",
            "Send one of your access tokens with it",
            "<option value=\"15\">15 minutes</option>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("1 hour") && !html.contains("signed-link"), "{html}");
    }

    #[test]
    fn a_relative_range_stays_relative_and_the_page_says_so() {
        let relative = html(Ok(ExportParams::parse("start_date=-6d&end_date=today").expect("valid")));
        assert!(relative.contains("The range stays relative"), "{relative}");
        assert!(!html(Ok(ExportParams::default())).contains("stays relative"));
    }

    #[test]
    fn an_invalid_selection_has_no_snippet() {
        let html = html(Err(ApiError::internal()));
        assert!(html.contains("role=\"alert\"") && !html.contains("<textarea"), "{html}");
    }

    #[test]
    fn the_disclosure_is_empty_until_it_is_opened() {
        let html = render(Language::English, Content::Nothing, || {
            integrations(Signal::stored(Ok(ExportParams::default())), 15)
        });
        assert!(
            html.contains("<summary><h2>Use in other tools</h2></summary>") && !html.contains("<textarea"),
            "{html}"
        );
    }

    #[test]
    fn the_hint_names_the_placeholder_of_the_token_if_the_snippet_has_it_and_only_google_sheets_needs_a_link() {
        for tool in Tool::ALL {
            let html = to_html(hint(tool, Language::English));
            let snippet = tool.snippet("", &ExportParams::default());
            assert_eq!(html.contains(TOKEN), snippet.contains(TOKEN), "{html}");
            assert_eq!(html.contains("cannot send a token"), tool == Tool::Sheets, "{html}");
            assert_eq!(html.contains("href=\"/settings/tokens\""), tool != Tool::Sheets, "{html}");
        }
    }

    #[test]
    fn a_link_is_shown_with_its_lifetime_and_forgotten_with_the_selection() {
        with_owner(|| {
            let state = LinkState::new();
            let shown = || (state.message.get_untracked(), state.link.get_untracked().is_some());
            let link = SignedLink { url: "/api/v1/motion-events/export?signature=x".to_owned(), minutes: 60 };
            state.show(Ok(link.clone()), true, Language::English);
            assert_eq!(shown(), ("Link copied. It is valid for 1 hour.".to_owned(), true));
            state.show(Ok(link.clone()), false, Language::English);
            assert!(shown().0.starts_with("Here is the link."), "the clipboard was not available");
            let html = to_html(link_view(Ok(link), Language::English));
            assert!(html.contains("id=\"signed-link\"") && html.contains(">Copy</button>"), "{html}");
            state.clear();
            assert_eq!(shown(), (String::new(), false));
            state.show(Err(ApiError::internal()), false, Language::English);
            assert_eq!(shown(), (String::new(), true));
            let html = to_html(link_view(Err(ApiError::internal()), Language::English));
            assert!(html.contains("role=\"alert\""), "{html}");
        });
    }
}
