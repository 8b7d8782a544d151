//! What the caller exported last and what became of it, at a glance, under the form.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::exports::{ExportRecord, State};
use crate::api::language::Language;
use crate::api::paths::{HISTORY_PATH, SETTINGS_PATH};
use crate::export_params::ExportParams;
use crate::ui::download::export_jobs::ExportJobs;
use crate::ui::download::my_newest;
use crate::ui::records::export_history::{number, selection};
use crate::ui::table_html::escaped;
use crate::ui::{browser, page_data};

/// How many are shown.
pub const SHOWN: usize = 5;

/// After how many milliseconds the records are asked for when an export has ended: at once, and where one of them is not
/// over, which the server notices of a client that has left, again and again.
const PAUSES_MILLISECONDS: [i32; 4] = [0, 1_000, 2_000, 4_000];

/// The list; nothing while there is nothing to list.
#[component]
pub fn RecentExports(
    /// Those that the server knew of when it made the page.
    recent: Vec<ExportRecord>,
    /// What cameras are called, by id.
    cameras: BTreeMap<String, String>,
    /// What is being exported here: the list is asked for again when one is over.
    exporting: ExportJobs,
) -> impl IntoView {
    let language = page_data::language();
    let recent = RwSignal::new(recent);
    Effect::new(move |before: Option<usize>| {
        let now = exporting.count();
        if before.is_some_and(|before| before > now) {
            spawn_local(async move {
                for pause in PAUSES_MILLISECONDS {
                    browser::sleep(pause).await;
                    let Ok(mut records) = my_newest().await else { continue };
                    records.truncate(SHOWN);
                    let is_running = records.iter().any(|record| record.state == State::Running);
                    recent.set(records);
                    if !is_running {
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

/// The list with what is around it, as HTML: as views, it would take more of the page's WASM.
fn list(recent: &[ExportRecord], cameras: &BTreeMap<String, String>, language: Language) -> String {
    if recent.is_empty() {
        return String::new();
    }
    let items: String = recent.iter().map(|record| item(record, cameras, language)).collect();
    let (title, all) = (language.export().recent, language.export().all_exports);
    format!("<h2 id=recent-title>{title}</h2><ul>{items}</ul><p><a href=\"{HISTORY_PATH}\" rel=external>{all}</a></p>")
}

fn item(record: &ExportRecord, cameras: &BTreeMap<String, String>, language: Language) -> String {
    let words = language.export();
    let params = ExportParams::parse(&record.query).ok();
    let told = selection(params.as_ref(), cameras, language);
    // What the page cannot show it cannot select either.
    let what = if ExportParams::parse_for_page(&record.query).is_ok() {
        let (query, again) = (escaped(&record.query), words.select_again);
        format!(
            "<a href=\"{SETTINGS_PATH}?{query}\" rel=external><span class=visually-hidden>{again} </span>{}</a>",
            escaped(&told)
        )
    } else {
        format!("<span>{}</span>", escaped(&told))
    };
    let digest = record.sha256.as_deref().and_then(|sha256| sha256.get(..8)).map(|begin| format!("SHA-256 {begin}…"));
    format!(
        "<li><time datetime=\"{}\">{}</time>{what}<span class=recent__size>{}, {}</span><span class=\"state state--{}\">{}</span>\
         <span class=hint>{}</span></li>",
        record.started_at,
        language.moment(&record.started_at),
        language.events(number(record.rows)),
        language.bytes(number(record.bytes)),
        record.state.as_str(),
        language.state(record.state),
        digest.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(query: &str) -> ExportRecord {
        ExportRecord {
            id: "17".to_owned(),
            state: State::Completed,
            user: Some("ann".to_owned()),
            via: "session".to_owned(),
            query: query.to_owned(),
            rows: 1_234,
            bytes: 5_000,
            sha256: Some("0123456789abcdef".to_owned()),
            started_at: "2025-12-16T12:00:00.000Z".to_owned(),
            finished_at: None,
            duration_ms: None,
            error: None,
            reason: None,
            complete_to: None,
        }
    }

    #[test]
    fn an_export_is_told_with_what_it_held_and_selects_it_again() {
        let cameras = BTreeMap::from([("a".to_owned(), "Gate <\"north\">".to_owned())]);
        let html = item(&record("start_date=2025-12-01&camera_id=a"), &cameras, Language::English);
        assert!(html.contains("href=\"/settings?start_date=2025-12-01&amp;camera_id=a\""), "{html}");
        assert!(html.contains("from 2025-12-01, Gate &lt;&quot;north&quot;&gt;, UTC</a>"), "{html}");
        assert!(html.contains("1,234 events, 5.0 kB") && html.contains("SHA-256 01234567…"), "{html}");
        assert!(html.contains("<span class=\"state state--completed\">Complete</span>"), "{html}");
    }

    #[test]
    fn what_the_page_cannot_show_is_told_and_leads_nowhere() {
        let html = item(&record("start_date=2025-12-01T08:00:00Z"), &BTreeMap::new(), Language::German);
        assert!(html.contains("<span>ab 2025-12-01T08:00:00Z, alle Kameras, UTC</span>"), "{html}");
        assert!(!html.contains("<a"), "{html}");
    }
}
