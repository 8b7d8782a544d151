//! Parts of the account forms, which are the browser's own and are sent as they are.

use leptos::prelude::*;

use crate::api::page::Outcome;
use crate::api::session::{MIN_PASSWORD_CHARACTERS, Role};
use crate::api::tokens::REVOKE_TOKENS;
use crate::ui::page_data;

/// What became of the form that led here. It has the focus when the page is there, so that it is read out.
#[component]
pub fn FormOutcome() -> impl IntoView {
    let language = page_data::language();
    match page_data::outcome() {
        Some(Outcome::Notice(done)) => Some(message("status", "notice", language.done(done).to_owned())),
        Some(Outcome::Refused { error, .. }) => {
            let told = language.error(&error);
            let id = (error.code.status() >= 500).then_some(error.request_id).flatten();
            let id = id.map(|id| format!(" {}: {id}.", language.frame().request_id)).unwrap_or_default();
            Some(message("alert", "notice notice--bad", format!("{told}{id}")))
        }
        Some(Outcome::Token { .. }) | None => None,
    }
}

fn message(role: &'static str, class: &'static str, text: String) -> impl IntoView {
    view! { <p id="outcome" class=class role=role tabindex="-1" autofocus>{text}</p> }
}

/// A line of text to fill in, with its label. What was refused comes back, passwords aside.
#[component]
pub fn TextField(
    /// Names the field to the server, and to its label.
    name: &'static str,
    /// For people.
    label: &'static str,
    /// `text` or `password`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What password managers are told about it.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// What is asked of it.
    #[prop(optional, into)]
    hint: Option<String>,
    /// Whether the page begins here.
    #[prop(optional)]
    first: bool,
) -> impl IntoView {
    let outcome = page_data::outcome();
    let wrong = matches!(&outcome, Some(Outcome::Refused { error, .. }) if error.field.as_deref() == Some(name));
    let value = outcome.as_ref().and_then(|outcome| outcome.filled_in(name));
    let has_hint = hint.is_some();
    let hint_id = format!("{name}-hint");
    // The message above the form says what is wrong with it.
    let described = [wrong.then(|| "outcome".to_owned()), has_hint.then(|| hint_id.clone())];
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
                required
                autofocus=first && outcome.is_none()
                value=value
                aria-invalid=wrong.then_some("true")
                aria-describedby=(!described.is_empty()).then_some(described)
            />
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
        </div>
    }
}

/// Tells password managers whose password the form is about.
#[component]
pub fn PasswordOf(
    /// The user's name.
    name: String,
) -> impl IntoView {
    view! { <input hidden type="text" autocomplete="username" value=name/> }
}

/// A box to tick, by which a new password revokes all access tokens as well.
#[component]
pub fn RevokeTokens(
    /// For people.
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

/// Says where to sign in if browsers keep this server's cookies over HTTPS only. Hidden if the page seems to be there; a
/// script, which knows, corrects that (`public/plain.js`).
#[component]
pub fn OnlyOverHttps() -> impl IntoView {
    let words = page_data::language().login();
    page_data::secure_address().map(|address| {
        let url = address.url.clone() + &page_data::address();
        view! {
            <p class="notice notice--bad" data-https hidden=!address.is_elsewhere>
                {words.open_over_https} " " <a href=url rel="external">{address.url}</a> ". " {words.why_https}
            </p>
        }
    })
}

/// A select with its label, as part of a form that is sent as it is.
#[component]
pub fn SelectChoice(
    /// Names the field to the server, and to its label.
    name: &'static str,
    /// For people.
    label: &'static str,
    /// Values with what they are called.
    options: Vec<(String, String)>,
    /// The value that is chosen at first.
    chosen: String,
) -> impl IntoView {
    let chosen = page_data::outcome().and_then(|outcome| outcome.filled_in(name)).unwrap_or(chosen);
    let options = options.into_iter().map(|(value, called)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{called}</option> }
    });
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select id=name name=name>{options.collect_view()}</select>
        </div>
    }
}

/// The roles that a person can have, for a [`SelectChoice`].
pub fn roles() -> Vec<(String, String)> {
    let language = page_data::language();
    [Role::User, Role::Admin].map(|role| (role.as_str().to_owned(), language.role_described(role).to_owned())).into()
}

/// A password that is new, with what is asked of it.
#[component]
pub fn NewPassword(
    /// For people.
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
