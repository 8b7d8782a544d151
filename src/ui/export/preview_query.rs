//! Loads the preview of the selection whenever the selection changes.

use chrono::NaiveDate;
use futures_util::future::{AbortHandle, abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::preview::Preview;
use crate::error::ApiError;
use crate::export_params::{ExportParams, parse_day};
use crate::functions::preview::preview_selection;
use crate::ui::download::save_method::Expected;
use crate::ui::{browser, hydration};

/// How many milliseconds a selection must stay unchanged before its preview is requested.
const DEBOUNCE_MILLISECONDS: i32 = 250;

/// The state of the preview.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PreviewState {
    /// It is being loaded.
    #[default]
    Loading,
    /// It is loaded.
    Ready(Preview),
    /// It cannot be loaded. `None` if the selection itself is invalid, which the form shows.
    Failed(Option<ApiError>),
}

impl PreviewState {
    /// Returns the number of events, if it is known.
    pub fn rows(&self) -> Option<u64> {
        match self {
            Self::Ready(preview) => Some(preview.rows),
            _ => None,
        }
    }

    /// Returns the estimated size of the file in bytes, if it is known.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Self::Ready(preview) => Some(preview.bytes),
            _ => None,
        }
    }

    /// Returns the last day that has events, if it is known.
    pub fn last_day(&self) -> Option<NaiveDate> {
        match self {
            Self::Ready(preview) => preview.days.last().and_then(|day| parse_day(&day.day)),
            _ => None,
        }
    }

    fn from_result(result: Result<Preview, ApiError>) -> Self {
        match result {
            Ok(preview) => Self::Ready(preview),
            Err(error) => Self::Failed(Some(error)),
        }
    }
}

/// Returns what an export of a selection will be, or `None` if its preview is still loading. `state` is the state of its
/// preview, or `None` if the preview is of another selection. `is_selected` tells whether the form still has the selection.
pub fn expected_export(state: Option<&PreviewState>, is_selected: bool) -> Option<Expected> {
    // The server will refuse the export, or the preview is no longer loaded: no reason to open the file picker.
    let small = Expected { rows: None, bytes: Some(0) };
    match state {
        Some(PreviewState::Failed(Some(error))) if error.code.status() < 500 => Some(small),
        None | Some(PreviewState::Loading) => (!is_selected).then_some(small),
        Some(state) => Some(Expected { rows: state.rows(), bytes: state.bytes() }),
    }
}

/// Remembers for which selection a preview was requested last, so that each is requested once.
#[derive(Debug)]
struct Requests {
    last: Option<Result<ExportParams, ApiError>>,
}

/// What to do about a selection.
#[derive(Debug, PartialEq)]
enum Request {
    /// Its preview is loaded or being loaded.
    None,
    /// It is invalid.
    Invalid,
    /// Load its preview.
    Load(ExportParams),
}

impl Requests {
    /// Takes note of the current selection. Several fields may have been set to the values that they had.
    fn next(&mut self, params: Result<ExportParams, ApiError>) -> Request {
        let before = self.last.replace(params.clone());
        match params {
            _ if before.as_ref() == Some(&params) => Request::None,
            Ok(params) => Request::Load(params),
            Err(_) => Request::Invalid,
        }
    }

    /// Allows the same selection to be requested again.
    fn reset(&mut self) {
        self.last = None;
    }
}

/// The preview of the selection.
#[derive(Clone, Copy)]
pub struct PreviewQuery {
    /// Its state.
    pub state: RwSignal<PreviewState>,
    /// The selection that it is of, if it is loaded.
    of: StoredValue<Option<ExportParams>>,
}

impl PreviewQuery {
    /// Returns the state of the preview, if it is of that selection.
    pub fn of(self, params: &ExportParams) -> Option<PreviewState> {
        self.of.with_value(|of| of.as_ref() == Some(params)).then(|| self.state.get())
    }
}

/// Loads the preview whenever the selection changes, and cancels the previous request, including its database query.
/// `initial` came with the page. Calls `on_settled` with each selection that has stayed unchanged for a moment. Begins when
/// the page is hydrated, because until then no chunk may show anything else than the server did.
pub fn use_preview(
    params: Signal<Result<ExportParams, ApiError>>,
    initial: Option<Result<Preview, ApiError>>,
    on_settled: impl Fn(&ExportParams) + Copy + 'static,
) -> PreviewQuery {
    // The initial preview is of the selection that the server rendered. After hydration the form may have another one.
    let rendered = initial.is_some().then(|| params.get_untracked());
    let of = StoredValue::new(rendered.clone().and_then(Result::ok));
    let state = RwSignal::new(initial.map_or(PreviewState::Loading, PreviewState::from_result));
    let running = StoredValue::new(None::<AbortHandle>);
    let requests = StoredValue::new(Requests { last: rendered });
    let is_hydrated = hydration::is_hydrated();
    // A preview that failed may work now: the user may have signed in again in another tab.
    let retry = RwSignal::new(());
    browser::on_return(move || {
        if state.with_untracked(|state| matches!(state, PreviewState::Failed(Some(_)))) {
            requests.update_value(Requests::reset);
            retry.set(());
        }
    });
    Effect::new(move |_| {
        retry.track();
        if !is_hydrated.get() {
            return;
        }
        let selected = params.get();
        let request = requests.try_update_value(|requests| requests.next(selected)).unwrap_or(Request::None);
        if request == Request::None {
            return;
        }
        if let Some(previous) = running.try_update_value(Option::take).flatten() {
            previous.abort();
        }
        of.set_value(None);
        let Request::Load(params) = request else { return state.set(PreviewState::Failed(None)) };
        let load = async move {
            browser::sleep(DEBOUNCE_MILLISECONDS).await;
            on_settled(&params);
            state.set(PreviewState::Loading);
            let result = preview_selection(params.to_query()).await;
            of.set_value(Some(params));
            state.set(PreviewState::from_result(result));
        };
        let (load, handle) = abortable(load);
        running.set_value(Some(handle));
        spawn_local(async move {
            let _ = load.await;
        });
    });
    PreviewQuery { state, of }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use crate::ui::test_support::{preview, with_owner};

    fn params(query: &str) -> ExportParams {
        ExportParams::parse(query).expect("valid")
    }

    fn failed(code: ErrorCode) -> PreviewState {
        PreviewState::Failed(Some(ApiError { code, ..ApiError::internal() }))
    }

    #[test]
    fn each_selection_is_requested_once() {
        let mut requests = Requests { last: Some(Ok(params("camera_id=a"))) };
        assert_eq!(requests.next(Ok(params("camera_id=a"))), Request::None, "it came with the page");
        assert_eq!(requests.next(Ok(params("camera_id=b"))), Request::Load(params("camera_id=b")));
        assert_eq!(requests.next(Ok(params("camera_id=b"))), Request::None);
        assert_eq!(requests.next(Err(ApiError::internal())), Request::Invalid);
        assert_eq!(requests.next(Err(ApiError::internal())), Request::None);
        assert_eq!(requests.next(Ok(params("camera_id=b"))), Request::Load(params("camera_id=b")));
        requests.reset();
        assert_eq!(requests.next(Ok(params("camera_id=b"))), Request::Load(params("camera_id=b")), "a retry");
    }

    #[test]
    fn an_export_waits_for_the_preview_of_its_selection() {
        let (ready, loading) = (PreviewState::Ready(preview()), PreviewState::Loading);
        let known = Expected { rows: Some(3), bytes: Some(240) };
        let small = Expected { rows: None, bytes: Some(0) };
        assert_eq!(expected_export(Some(&ready), true), Some(known));
        assert_eq!(expected_export(Some(&loading), true), None);
        assert_eq!(expected_export(None, true), None);
        assert_eq!(expected_export(Some(&loading), false), Some(small), "no longer selected");
        assert_eq!(expected_export(None, false), Some(small));
    }

    #[test]
    fn the_file_picker_is_not_opened_for_an_export_that_will_be_refused() {
        let refused = expected_export(Some(&failed(ErrorCode::Unauthenticated)), true).expect("known");
        assert_eq!(refused.bytes, Some(0));
        let unknown = expected_export(Some(&failed(ErrorCode::DatabaseTimeout)), true).expect("known");
        assert_eq!(unknown, Expected::default(), "the export may work although its preview did not");
    }

    #[test]
    fn only_a_loaded_preview_knows_rows_size_and_last_day() {
        let known = |state: &PreviewState| (state.rows(), state.bytes(), state.last_day().map(|day| day.to_string()));
        let ready = PreviewState::from_result(Ok(preview()));
        assert_eq!(known(&ready), (Some(3), Some(240), Some("2025-12-03".to_owned())));
        for state in [PreviewState::Loading, PreviewState::from_result(Err(ApiError::internal()))] {
            assert_eq!(known(&state), (None, None, None));
        }
    }

    #[test]
    fn the_preview_of_the_page_is_of_the_selection_that_was_rendered() {
        with_owner(|| {
            let selected = RwSignal::new(Ok(params("camera_id=a")));
            let query = use_preview(selected.into(), Some(Ok(preview())), |_| {});
            selected.set(Ok(params("camera_id=b")));
            assert_eq!(untrack(|| query.of(&params("camera_id=a"))), Some(PreviewState::Ready(preview())));
            assert_eq!(untrack(|| query.of(&params("camera_id=b"))), None);
            let without = use_preview(selected.into(), None, |_| {});
            assert_eq!(untrack(|| without.of(&params("camera_id=b"))), None);
            assert_eq!(without.state.get_untracked(), PreviewState::Loading);
        });
    }
}
