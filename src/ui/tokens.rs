//! The caller's access tokens: made, shown once, listed, revoked.

use leptos::prelude::*;

use super::copy_button::CopyButton;
use super::form::{FormOutcome, SelectChoice, TextField};
use super::frame::{CannotShow, SettingsFrame};
use super::sent;
use crate::api::page::{Content, Outcome};
use crate::api::tokens::{DAYS, Token};
use crate::app::TOKENS_PATH;

/// The page at `/settings/tokens`.
#[component]
pub fn Tokens() -> impl IntoView {
    let list = match sent::content() {
        Ok(Content::Tokens(tokens)) => Ok(tokens),
        Ok(_) => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    let made = match sent::outcome() {
        Some(Outcome::Token { name, text }) => Some(view! { <NewToken name text/> }),
        _ => None,
    };
    let days = DAYS.map(|days| match days {
        Some(days) => (days.to_string(), format!("{days} days")),
        None => (String::new(), "Until I revoke it".to_owned()),
    });
    view! {
        <SettingsFrame
            current=TOKENS_PATH
            title="Access tokens"
            lead="For scripts, Excel, Power Query and pandas. A token sees what you see, and opens no page."
        >
            <FormOutcome/>
            {made}
            <form class="card stack" method="post" action=TOKENS_PATH aria-labelledby="new-token-title">
                <h2 id="new-token-title">"New token"</h2>
                <TextField name="name" label="What is it for?" hint="Such as “Nightly report”."/>
                <SelectChoice name="days" label="Works for" options=days.into() chosen="90".to_owned()/>
                <button class="primary" name="action" value="create">"Make token"</button>
            </form>
            {match list {
                Ok(tokens) => leptos::either::Either::Left(view! { <TokenList tokens/> }),
                Err(error) => leptos::either::Either::Right(view! { <CannotShow error/> }),
            }}
        </SettingsFrame>
    }
}

/// A token, this one time.
#[component]
fn NewToken(name: String, text: String) -> impl IntoView {
    view! {
        <div id="outcome" class="notice stack" role="status" tabindex="-1" autofocus>
            <p>
                "This is the token “"{name}"”. "<strong>"Copy it now: it is shown this once."</strong>
            </p>
            <div class="copyable">
                <input id="new-token" aria-label="The new token" readonly value=text/>
                <CopyButton of="new-token"/>
            </div>
            <p class="hint">
                "Send it as " <code>"Authorization: Bearer …"</code> ", or as the password of HTTP Basic with any name."
            </p>
        </div>
    }
}

#[component]
fn TokenList(tokens: Vec<Token>) -> impl IntoView {
    if tokens.is_empty() {
        return leptos::either::Either::Left(view! { <p class="card">"You have no tokens."</p> });
    }
    let rows = tokens.into_iter().map(|token| {
        let end = match (token.expires, token.expired) {
            (Some(end), true) => format!("{end} (over)"),
            (Some(end), false) => end,
            (None, _) => "until revoked".to_owned(),
        };
        let label = format!("Revoke {}", token.name);
        view! {
            <tr role="row">
                <th scope="row" role="rowheader">{token.name}</th>
                <td role="cell" data-label="Made">{token.created}</td>
                <td role="cell" data-label="Works until">{end}</td>
                <td role="cell" data-label="Last used">{token.last_used.unwrap_or_else(|| "never".to_owned())}</td>
                <td role="cell">
                    <form method="post" action=TOKENS_PATH>
                        <input type="hidden" name="token" value=token.id/>
                        <button class="quiet danger" name="action" value="revoke" aria-label=label>"Revoke"</button>
                    </form>
                </td>
            </tr>
        }
    });
    leptos::either::Either::Right(view! {
        <div class="card">
            <table role="table">
                <caption>"Your tokens"</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">"For"</th>
                        <th scope="col" role="columnheader">"Made"</th>
                        <th scope="col" role="columnheader">"Works until"</th>
                        <th scope="col" role="columnheader">"Last used"</th>
                        <td role="cell"></td>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows.collect_view()}</tbody>
            </table>
        </div>
    })
}
