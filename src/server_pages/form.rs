//! Parts of the account forms, which are plain HTML forms.

use leptos::prelude::*;

use crate::api::page::Outcome;
use crate::api::session::{MIN_PASSWORD_CHARACTERS, Role};
use crate::api::tokens::REVOKE_TOKENS;
use crate::ui::page_data;

pub mod searchable;
pub mod sessions;

/// The outcome of the form that led here. It has the initial focus, so that screen readers announce it.
#[component]
pub fn FormOutcome() -> impl IntoView {
    let language = page_data::language();
    match page_data::outcome() {
        Some(Outcome::Notice(done)) => Some(message("status", "notice", language.done(done).to_owned())),
        Some(Outcome::NotSent { .. }) => {
            Some(message("alert", "notice notice--bad", language.forms().not_sent.to_owned()))
        }
        Some(Outcome::Refused { error, .. }) => {
            let text = language.error(&error);
            let id = (error.code.status() >= 500).then_some(error.request_id).flatten();
            let id = id.map(|id| format!(" {}: {id}.", language.frame().request_id)).unwrap_or_default();
            Some(message("alert", "notice notice--bad", format!("{text}{id}")))
        }
        Some(Outcome::Token { .. } | Outcome::Recipe { .. } | Outcome::Tried { .. }) | None => None,
    }
}

fn message(role: &'static str, class: &'static str, text: String) -> impl IntoView {
    view! { <p id="outcome" class=class role=role tabindex="-1" autofocus>{text}</p> }
}

/// A text field with its label. It keeps its value if the form is refused, unless it is a password.
#[component]
pub fn TextField(
    /// The name of the field.
    name: &'static str,
    /// The visible label.
    label: &'static str,
    /// `text` or `password`.
    #[prop(default = "text")]
    kind: &'static str,
    /// The kind of value, for password managers.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// The requirements for the value.
    #[prop(optional, into)]
    hint: Option<String>,
    /// Whether the field has the initial focus.
    #[prop(optional)]
    first: bool,
    /// Whether it may be empty.
    #[prop(optional)]
    optional: bool,
    /// The values that the browser suggests while the user types.
    #[prop(optional)]
    suggestions: Vec<String>,
) -> impl IntoView {
    let outcome = page_data::outcome();
    let problem = match &outcome {
        Some(Outcome::Refused { error, .. }) if error.field.as_deref() == Some(name) => {
            Some(page_data::language().error(error))
        }
        _ => None,
    };
    let wrong = problem.is_some();
    let value = outcome.as_ref().and_then(|outcome| outcome.filled_in(name));
    let has_hint = hint.is_some();
    let hint_id = format!("{name}-hint");
    let suggestions_id = format!("{name}-suggestions");
    let suggested = (!suggestions.is_empty()).then(|| {
        let options = suggestions.iter().map(|value| view! { <option value=value.clone()></option> }).collect_view();
        view! { <datalist id=suggestions_id.clone()>{options}</datalist> }
    });
    let problem_id = format!("{name}-problem");
    let described = [wrong.then(|| problem_id.clone()), has_hint.then(|| hint_id.clone())];
    let described = described.into_iter().flatten().collect::<Vec<_>>().join(" ");
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name
                name=name
                type=kind
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                required=!optional
                list=(!suggestions.is_empty()).then(|| suggestions_id.clone())
                autofocus=first && outcome.is_none()
                value=value
                aria-invalid=wrong.then_some("true")
                aria-describedby=(!described.is_empty()).then_some(described)
            />
            // The message above the form has the focus; on a long page it is far from the field.
            {problem.map(|problem| view! { <p class="problem" id=problem_id>{problem}</p> })}
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
            {suggested}
        </div>
    }
}

/// A hidden field that tells password managers whose password the form is for.
#[component]
pub fn PasswordOf(
    /// The user's name.
    name: String,
) -> impl IntoView {
    view! { <input hidden type="text" autocomplete="username" value=name/> }
}

/// A checkbox: the new password also revokes all access tokens.
#[component]
pub fn RevokeTokens(
    /// The visible label.
    label: &'static str,
) -> impl IntoView {
    let is_ticked = page_data::outcome().is_some_and(|outcome| outcome.filled_in(REVOKE_TOKENS).is_some());
    view! {
        <label class="check">
            <input type="checkbox" name=REVOKE_TOKENS value="true" checked=is_ticked/>
            <span>{label}</span>
        </label>
    }
}

/// A notice with the address to sign in at if this server's cookies work over HTTPS only. It is hidden if the page seems to be
/// at that address; `public/plain.js`, which knows the address, corrects this.
#[component]
pub fn OnlyOverHttps() -> impl IntoView {
    let texts = page_data::language().login();
    page_data::secure_address().map(|address| {
        let url = address.url.clone() + &page_data::address();
        view! {
            <p class="notice notice--bad" data-https hidden=!address.is_elsewhere>
                {texts.open_over_https} " " <a href=url rel="external">{address.url}</a> ". " {texts.why_https}
            </p>
        }
    })
}

/// A select with its label.
#[component]
pub fn SelectChoice(
    /// The name of the field.
    name: &'static str,
    /// The visible label.
    label: &'static str,
    /// The values, each with its visible name.
    options: Vec<(String, String)>,
    /// The initial value.
    chosen: String,
    /// What the values mean, below the select.
    #[prop(optional)]
    hint: Option<&'static str>,
) -> impl IntoView {
    let hint_id = format!("{name}-hint");
    let chosen = page_data::outcome().and_then(|outcome| outcome.filled_in(name)).unwrap_or(chosen);
    let options = options.into_iter().map(|(value, name)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{name}</option> }
    });
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select id=name name=name aria-describedby=hint.map(|_| hint_id.clone())>{options.collect_view()}</select>
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
        </div>
    }
}

/// Returns the roles of users as options of a [`SelectChoice`].
pub fn roles() -> Vec<(String, String)> {
    let language = page_data::language();
    [Role::User, Role::Admin].map(|role| (role.as_str().to_owned(), language.role(role).to_owned())).into()
}

/// A field for a new password, with its requirements.
#[component]
pub fn NewPassword(
    /// The visible label.
    label: &'static str,
) -> impl IntoView {
    view! {
        <TextField
            name="password"
            label=label
            kind="password"
            autocomplete="new-password"
            hint=(page_data::language().forms().password_hint)(MIN_PASSWORD_CHARACTERS)
        />
    }
}
