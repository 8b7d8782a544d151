//! What the unit tests of components share.

use leptos::prelude::*;

use super::hydration;
use crate::api::cameras::Camera;
use crate::api::export_form::{ExportFormData, OfferedTimezone, OfferedTimezones};
use crate::api::exports::{ExportRecord, State};
use crate::api::language::Language;
use crate::api::page::{ColorScheme, Content, Page, PageData};
use crate::api::preview::{Day, Preview};
use crate::api::session::{CurrentUser, Role};
use crate::error::ApiError;

/// Renders a view as the server does for a user called ann, with the data of a page.
pub fn render<V: IntoView + 'static>(
    language: Language,
    content: Content,
    view: impl FnOnce() -> V + Send + 'static,
) -> String {
    render_with(language, Ok(content), view)
}

/// Renders like [`render`], with the content or the error of a page.
pub fn render_with<V: IntoView + 'static>(
    language: Language,
    content: Result<Content, ApiError>,
    view: impl FnOnce() -> V + Send + 'static,
) -> String {
    Owner::new().with(|| {
        provide_context(PageData {
            page: Some(Page::Export),
            me: Some(CurrentUser { name: "ann".to_owned(), role: Role::User }),
            content,
            outcome: None,
            language,
            color_scheme: ColorScheme::System,
            address: "/settings".to_owned(),
            secure_address: None,
        });
        hydration::provide();
        to_html(view())
    })
}

/// Returns the HTML of a view without the markers that hydration reads.
pub fn to_html(view: impl IntoView) -> String {
    view.into_view().to_html().replace("<!>", "")
}

/// Runs `test` with an owner, so that it can create signals.
pub fn with_owner<T>(test: impl FnOnce() -> T) -> T {
    Owner::new().with(|| {
        hydration::provide();
        test()
    })
}

/// Returns the record of a completed export of ann's.
pub fn record(query: &str) -> ExportRecord {
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
        deleted_to: None,
        cancel_requested: false,
    }
}

/// Returns the data of an export form with two cameras, whose preview is not loaded.
pub fn form_data() -> ExportFormData {
    let camera = |id: &str, name: &str| Camera { id: id.to_owned(), name: Some(name.to_owned()) };
    let timezone = |name: &str, aliases: &str, offsets| OfferedTimezone {
        name: name.to_owned(),
        aliases: aliases.to_owned(),
        offsets,
    };
    ExportFormData {
        cameras: vec![camera("cam-1", "Front Door"), camera("cam-2", "Garage")],
        timezones: OfferedTimezones {
            first: vec![timezone("UTC", "Zulu", [0, 0])],
            others: vec![timezone("Europe/Berlin", "", [60, 60])],
        },
        timezone: "UTC".to_owned(),
        selected: String::new(),
        shown_dates: [String::new(), String::new()],
        problem: None,
        preview: None,
        no_events: None,
        recent: Vec::new(),
        max_at_once: 3,
        link_max_minutes: 60,
    }
}

/// Returns a preview of three events on two days.
pub fn preview() -> Preview {
    let day = |day: &str, events| Day { day: day.to_owned(), events };
    Preview {
        rows: 3,
        first: Some("2025-12-01T08:00:00+00:00".to_owned()),
        last: Some("2025-12-03T09:30:00+00:00".to_owned()),
        bytes: 240,
        days: vec![day("2025-12-01", 1), day("2025-12-03", 2)],
        hours: Vec::new(),
        cameras: Vec::new(),
        columns: vec!["timestamp".to_owned(), "camera_id".to_owned()],
        sample: vec![vec!["2025-12-01T08:00:00+00:00".to_owned(), "<cam>".to_owned()]],
        elsewhere: None,
        deleted_to: None,
        keep_days: None,
        gaps: Vec::new(),
    }
}
