//! The access tokens of the signed-in user: creates, shows once, lists and revokes them.

use leptos::prelude::*;

use super::form::{FormOutcome, SelectChoice, TextField};
use crate::api::page::{Content, Outcome};
use crate::api::paths::{API_DOCS_PATH, HOOKS_PATH, INGEST_PATH, TOKENS_PATH};
use crate::api::tokens::{DAYS, FORM_KEY, Scope, Token};
use crate::export_params::parse_day;
use crate::ui::controls::copy_button::CopyField;
use crate::ui::layout::drawings::{Drawing, empty_state};
use crate::ui::layout::{CannotShow, SettingsFrame};
use crate::ui::page_data;

/// The page at `/settings/tokens`.
#[component]
pub fn Tokens() -> impl IntoView {
    let (list, form_key) = match page_data::content() {
        Ok(Content::Tokens(list)) => (Ok(list.tokens), list.form_key),
        Ok(_) => (Ok(Vec::new()), String::new()),
        Err(error) => (Err(error), String::new()),
    };
    let created = match page_data::outcome() {
        Some(Outcome::Token { name, text, scope }) => Some(view! { <NewToken name text scope/> }),
        _ => None,
    };
    let language = page_data::language();
    let texts = language.tokens();
    let days = DAYS.map(|days| match days {
        Some(days) => (days.to_string(), (texts.days)(days)),
        None => (String::new(), texts.until_i_revoke.to_owned()),
    });
    view! {
        <SettingsFrame current=TOKENS_PATH title=language.frame().access_tokens lead=texts.lead>
            <FormOutcome/>
            {created}
            <form class="card stack" method="post" action=TOKENS_PATH aria-labelledby="new-token-title">
                <h2 id="new-token-title">{texts.new_token}</h2>
                <TextField name="name" label=texts.what_for hint=texts.what_for_hint/>
                <SelectChoice
                    name="scope"
                    label=texts.used_to
                    options=Scope::ALL.map(|scope| (scope.as_str().to_owned(), (texts.scope)(scope).to_owned())).into()
                    chosen=Scope::Read.as_str().to_owned()
                    hint=texts.used_to_hint
                />
                <SelectChoice name="days" label=texts.works_for options=days.into() chosen="90".to_owned()/>
                <input type="hidden" name=FORM_KEY value=form_key/>
                <button class="primary" name="action" value="create">{texts.create}</button>
            </form>
            <p><a href=API_DOCS_PATH rel="external">{texts.api_docs}</a></p>
            {match list {
                Ok(tokens) => leptos::either::Either::Left(view! { <TokenList tokens/> }),
                Err(error) => leptos::either::Either::Right(view! { <CannotShow error/> }),
            }}
        </SettingsFrame>
    }
}

/// A new token, shown only once.
#[component]
fn NewToken(name: String, text: String, scope: Scope) -> impl IntoView {
    let texts = page_data::language().tokens();
    view! {
        <div id="outcome" class="notice stack" role="status" tabindex="-1" autofocus>
            <p>
                {(texts.this_is)(&name)} <strong>{texts.copy_it_now}</strong>
            </p>
            <CopyField id="new-token" label=texts.the_new_token value=text/>
            <p class="hint">
                {texts.send_it_as} <code>"Authorization: Bearer …"</code> {texts.or_as_password}
            </p>
            {(scope == Scope::Write)
                .then(|| {
                    view! {
                        <p class="hint">
                            {texts.send_events_to} <code>{format!("POST {INGEST_PATH}")}</code> {texts.or_without_headers}
                            <code>{format!("POST {HOOKS_PATH}/mexp_…")}</code> "."
                        </p>
                    }
                })}
        </div>
    }
}

#[component]
fn TokenList(tokens: Vec<Token>) -> impl IntoView {
    let language = page_data::language();
    let texts = language.tokens();
    if tokens.is_empty() {
        return leptos::either::Either::Left(empty_state(Drawing::Key, view! { <p>{texts.none}</p> }, None));
    }
    let rows = tokens.into_iter().map(|token| {
        let shown = |moment: String| language.timestamp(&moment);
        let day = |day: String| parse_day(&day).map_or(day, |day| language.day(day));
        let end = match (token.expires.map(day), token.expired) {
            (Some(end), true) => (texts.expired)(&end),
            (Some(end), false) => end,
            (None, _) => texts.until_revoked.to_owned(),
        };
        let last_used = token.last_used.map_or_else(|| texts.never.to_owned(), shown);
        let label = (texts.revoke_named)(&token.name);
        view! {
            <tr role="row">
                <th scope="row" role="rowheader">{token.name}</th>
                <td role="cell" data-label=texts.used_to>
                    {(texts.scope)(token.scope)}
                    {token.source.map(|source| format!(" ({source})"))}
                </td>
                <td role="cell" data-label=texts.created>{shown(token.created)}</td>
                <td role="cell" data-label=texts.works_until>{end}</td>
                <td role="cell" data-label=texts.last_used>{last_used}</td>
                <td role="cell">
                    <form method="post" action=TOKENS_PATH>
                        <input type="hidden" name="token" value=token.id/>
                        <button class="quiet danger" name="action" value="revoke" aria-label=label>{texts.revoke}</button>
                    </form>
                </td>
            </tr>
        }
    });
    leptos::either::Either::Right(view! {
        <div class="card">
            <h2 id="tokens-title">{texts.caption}</h2>
            <table role="table" aria-labelledby="tokens-title">
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">{texts.purpose}</th>
                        <th scope="col" role="columnheader">{texts.used_to}</th>
                        <th scope="col" role="columnheader">{texts.created}</th>
                        <th scope="col" role="columnheader">{texts.works_until}</th>
                        <th scope="col" role="columnheader">{texts.last_used}</th>
                        <td role="cell"></td>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows.collect_view()}</tbody>
            </table>
        </div>
    })
}
