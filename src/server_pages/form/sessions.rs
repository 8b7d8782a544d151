//! The sessions of a user, and the buttons that end them.

use leptos::prelude::*;

use super::searchable::LongList;
use crate::api::language::Language;
use crate::api::users::Session;
use crate::ui::page_data;

/// The sessions of a user.
#[component]
pub fn Sessions(
    /// The sessions, the last used first.
    sessions: Vec<Session>,
    /// The path of the page.
    action: String,
) -> impl IntoView {
    let language = page_data::language();
    let texts = language.sessions();
    let none = sessions.is_empty().then(|| view! { <p>{texts.none}</p> });
    let rows = sessions.into_iter().map(|session| row(session, &action, language)).collect_view();
    let list = none.is_none().then(|| {
        view! {
            <LongList id="sessions-list" labelled_by="sessions-title">
                <table role="table" aria-labelledby="sessions-title">
                    <thead role="rowgroup">
                        <tr role="row">
                            <th scope="col" role="columnheader">{texts.browser}</th>
                            <th scope="col" role="columnheader">{texts.address}</th>
                            <th scope="col" role="columnheader">{texts.signed_in}</th>
                            <th scope="col" role="columnheader">{texts.last_used}</th>
                            <td role="cell"></td>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{rows}</tbody>
                </table>
            </LongList>
        }
    });
    view! {
        <div class="card">
            <h2 id="sessions-title">{texts.title}</h2>
            {none}
            {list}
        </div>
    }
}

fn row(session: Session, action: &str, language: Language) -> impl IntoView + use<> {
    let texts = language.sessions();
    let browser = browser(&session, language);
    let end = if session.is_current {
        view! { <span class="state">{texts.this_browser}</span> }.into_any()
    } else {
        let label = (texts.end_named)(&browser, &language.timestamp(&session.last_seen));
        view! {
            <form method="post" action=action.to_owned()>
                <input type="hidden" name="session" value=session.id/>
                <button class="quiet danger" name="action" value="end-session" aria-label=label>{texts.end}</button>
            </form>
        }
        .into_any()
    };
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">{browser}</th>
            <td role="cell" data-label=texts.address>{session.address}</td>
            <td role="cell" data-label=texts.signed_in>{language.timestamp(&session.created)}</td>
            <td role="cell" data-label=texts.last_used>{language.timestamp(&session.last_seen)}</td>
            <td role="cell">{end}</td>
        </tr>
    }
}

/// Returns browser and operating system in words.
fn browser(session: &Session, language: Language) -> String {
    match (&*session.browser, &*session.system) {
        ("", "") => language.sessions().unknown.to_owned(),
        (one, "") | ("", one) => one.to_owned(),
        (browser, system) => format!("{browser}, {system}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::Content;
    use crate::ui::test_support::render;

    #[test]
    fn every_session_but_this_one_has_a_button_that_ends_it() {
        let session = |id: &str, browser: &str, system: &str, is_current| Session {
            id: id.to_owned(),
            browser: browser.to_owned(),
            system: system.to_owned(),
            address: "192.0.2.7".to_owned(),
            created: "2025-12-16T12:00:00Z".to_owned(),
            last_seen: "2025-12-16T13:00:00Z".to_owned(),
            is_current,
        };
        let sessions =
            vec![session("1", "Firefox", "Linux", true), session("2", "", "", false), session("3", "curl", "", false)];
        let html = render(Language::English, Content::Nothing, move || {
            view! { <Sessions sessions action="/settings/account".to_owned()/> }
        });
        for part in [
            ">Firefox, Linux</th>",
            ">Unknown browser</th>",
            ">curl</th>",
            ">192.0.2.7</td>",
            "name=\"session\" value=\"2\"",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("value=\"1\""), "this browser has its own button to sign out: {html}");
        assert_eq!(html.matches("End session</button>").count(), 2, "{html}");
        assert!(html.contains("aria-label=\"End the session of curl, last used 16 Dec 2025, 13:00:00 UTC\""), "{html}");
    }
}
