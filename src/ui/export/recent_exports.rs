//! The user's last exports below the form, with their states.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::exports::{ExportRecord, State};
use crate::api::language::Language;
use crate::api::paths::{HISTORY_PATH, SETTINGS_PATH};
use crate::export_params::ExportParams;
use crate::ui::download::export_jobs::ExportJobs;
use crate::ui::download::fetch::newest_records;
use crate::ui::records::export_history::{cancel_form, count, selection_summary};
use crate::ui::table_html::escape_html;
use crate::ui::{browser, page_data};

/// The maximum number of exports in the list.
pub const SHOWN: usize = 5;

/// The pauses before each request for the records after an export has ended. If one still runs, the records are requested
/// again: the server notices only after a while that a client has left.
const PAUSES_MILLISECONDS: [i32; 4] = [0, 1_000, 2_000, 4_000];

/// The list. Empty if there are no exports.
///
/// `recent`: the exports that the server knew when it rendered the page. `cameras`: their names by id. `jobs`: the exports of
/// this page; the list is loaded again when one ends.
pub fn recent_exports(recent: Vec<ExportRecord>, cameras: BTreeMap<String, String>, jobs: ExportJobs) -> impl IntoView {
    let language = page_data::language();
    let recent = RwSignal::new(recent);
    Effect::new(move |before: Option<usize>| {
        let now = jobs.running();
        if before.is_some_and(|before| before > now) {
            spawn_local(async move {
                for pause in PAUSES_MILLISECONDS {
                    browser::sleep(pause).await;
                    let Ok(records) = newest_records().await else { continue };
                    if update(recent, records) {
                        break;
                    }
                }
            });
        }
        now
    });
    let list = move || recent.with(|recent| list(recent, &cameras, language));
    view! { <section class="card recent" aria-labelledby="recent-title" inner_html=list></section> }
}

/// Shows the newest records. Returns whether all of them have ended.
fn update(recent: RwSignal<Vec<ExportRecord>>, mut records: Vec<ExportRecord>) -> bool {
    records.truncate(SHOWN);
    // Those of the page are in the browser's time zone as well.
    for record in &mut records {
        record.started_at = browser::in_own_timezone(&record.started_at);
    }
    let have_ended = records.iter().all(|record| record.state != State::Running);
    recent.set(records);
    have_ended
}

/// Returns the section as HTML. Views would take more of the page's WASM.
fn list(recent: &[ExportRecord], cameras: &BTreeMap<String, String>, language: Language) -> String {
    if recent.is_empty() {
        return String::new();
    }
    let items: String = recent.iter().map(|record| item(record, cameras, language)).collect();
    let (title, all) = (language.export().recent, language.export().all_exports);
    format!("<h2 id=recent-title>{title}</h2><ul>{items}</ul><p><a href=\"{HISTORY_PATH}\" rel=external>{all}</a></p>")
}

fn item(record: &ExportRecord, cameras: &BTreeMap<String, String>, language: Language) -> String {
    let texts = language.export();
    let params = ExportParams::parse(&record.query).ok();
    let summary = escape_html(&selection_summary(params.as_ref(), cameras, language));
    // The form cannot show unguarded cells.
    let selection = if params.is_some_and(|params| !params.raw) {
        let (query, again) = (escape_html(&record.query), texts.select_again);
        format!(
            "<a href=\"{SETTINGS_PATH}?{query}\" rel=external><span class=visually-hidden>{again} </span>{summary}</a>"
        )
    } else {
        format!("<span>{summary}</span>")
    };
    let digest = record.sha256.as_deref().and_then(|sha256| sha256.get(..8)).map(|begin| format!("SHA-256 {begin}…"));
    format!(
        "<li data-export={}><time datetime=\"{}\">{}</time>{selection}<span class=recent__size>{}, {}</span><span class=\"state state--{}\">{}</span>\
         <span class=hint>{}</span>{}</li>",
        record.id,
        record.started_at,
        language.timestamp(&record.started_at),
        language.events(count(record.rows)),
        language.bytes(count(record.bytes)),
        record.state.as_str(),
        language.state_of(record),
        digest.unwrap_or_default(),
        cancel_form(record, &summary)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::Content;
    use crate::ui::test_support::{record, render, with_owner};
    use crate::ui::toasts::Toasts;

    #[test]
    fn an_export_is_listed_with_its_contents_and_selects_them_again() {
        let cameras = BTreeMap::from([("a".to_owned(), "Gate <\"north\">".to_owned())]);
        let html = item(&record("start_date=2025-12-01&camera_id=a"), &cameras, Language::English);
        assert!(html.contains("href=\"/settings?start_date=2025-12-01&amp;camera_id=a\""), "{html}");
        assert!(html.contains("from 1 Dec 2025, Gate &lt;&quot;north&quot;&gt;, UTC</a>"), "{html}");
        assert!(html.contains("1,234 events, 5.0 kB") && html.contains("SHA-256 01234567…"), "{html}");
        assert!(html.contains("<span class=\"state state--completed\">Complete</span>"), "{html}");
    }

    #[test]
    fn a_selection_that_the_form_cannot_show_has_no_link() {
        let html = item(&record("start_date=2025-12-01T08:00:00Z&raw=true"), &BTreeMap::new(), Language::German);
        assert!(html.contains("<span>ab 1. Dez. 2025, 08:00:00 UTC, alle Kameras, UTC</span>"), "{html}");
        assert!(!html.contains("<a"), "{html}");
    }

    #[test]
    fn the_section_has_a_title_and_a_link_to_the_history_unless_it_is_empty() {
        let html = |recent| {
            render(Language::English, Content::Nothing, move || {
                let jobs = ExportJobs::new(Toasts::new(page_data::language()), 1);
                recent_exports(recent, BTreeMap::new(), jobs)
            })
        };
        let one = html(vec![record("")]);
        assert!(one.contains("<h2 id=recent-title>Recent exports</h2><ul><li data-export="), "{one}");
        assert!(one.contains("<a href=\"/settings/exports\" rel=external>All exports</a>"), "{one}");
        assert!(html(Vec::new()).contains("aria-labelledby=\"recent-title\" class=\"card recent\"></section>"));
    }

    #[test]
    fn the_newest_records_are_shown_until_all_have_ended() {
        with_owner(|| {
            let recent = RwSignal::new(Vec::new());
            let running = ExportRecord { state: State::Running, ..record("") };
            assert!(!update(recent, vec![record(""), running.clone()]));
            assert_eq!(recent.get_untracked(), [record(""), running.clone()]);
            // A running export beyond the shown ones does not count.
            let many = [vec![record(""); SHOWN], vec![running]].concat();
            assert!(update(recent, many));
            assert_eq!(recent.get_untracked().len(), SHOWN);
        });
    }
}
