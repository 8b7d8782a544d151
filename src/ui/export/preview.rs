//! What the selection holds, shown while it is being chosen; what the page's address names is shown by the server already.

use chrono::NaiveDate;
use futures_util::future::{AbortHandle, abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::histogram::Histogram;
use crate::api::language::Language;
use crate::api::preview::Preview;
use crate::error::{ApiError, ErrorCode};
use crate::export_params::{ExportParams, parse_day};
use crate::functions::preview::preview_selection;
use crate::ui::table_html::rows;
use crate::ui::{browser, hydration, page_data};

/// For how long a selection has to stay as it is before it is looked at, in milliseconds.
const PAUSE_MILLISECONDS: i32 = 250;

/// What is known of the selection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PreviewState {
    /// Nothing yet.
    #[default]
    Loading,
    /// What it holds.
    Ready(Preview),
    /// Why that cannot be told. `None` where the form says so itself.
    Failed(Option<ApiError>),
}

impl PreviewState {
    /// How many events there are, where that is known.
    pub fn rows(&self) -> Option<u64> {
        match self {
            Self::Ready(preview) => Some(preview.rows),
            _ => None,
        }
    }

    /// How many bytes the file will have, where that is known.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Self::Ready(preview) => Some(preview.bytes),
            _ => None,
        }
    }

    /// The last day that has events, where that is known.
    pub fn last_day(&self) -> Option<NaiveDate> {
        match self {
            Self::Ready(preview) => preview.days.last().and_then(|day| parse_day(&day.day)),
            _ => None,
        }
    }

    fn from_answer(answer: Result<Preview, ApiError>) -> Self {
        match answer {
            Ok(preview) => Self::Ready(preview),
            Err(error) => Self::Failed(Some(error)),
        }
    }
}

/// What is looked at, and what is known of it.
#[derive(Clone, Copy)]
pub struct PreviewQuery {
    /// What is known.
    pub looked: RwSignal<PreviewState>,
    /// Of which selection.
    of: StoredValue<Option<ExportParams>>,
}

impl PreviewQuery {
    /// What is known, if it is of that selection.
    pub fn at(self, params: &ExportParams) -> Option<PreviewState> {
        self.of.with_value(|of| of.as_ref() == Some(params)).then(|| self.looked.get())
    }
}

/// Looks at the selection whenever it changes, and stops looking at the one before: in the database too. `there` is what
/// came with the page, and `settled` is told of what is looked at once it stays as it is. Begins once the page is
/// alive: what a part of it shows may not change before that one is.
pub fn look(
    params: Signal<Result<ExportParams, ApiError>>,
    there: Option<Result<Preview, ApiError>>,
    settled: impl Fn(&ExportParams) + Copy + 'static,
) -> PreviewQuery {
    // What the server looked at is what the form said when it was made; what it says when it has come alive may be
    // something else.
    let first = there.is_some().then(|| params.get_untracked());
    let of = StoredValue::new(first.clone().and_then(Result::ok));
    let looked = RwSignal::new(there.map_or(PreviewState::Loading, PreviewState::from_answer));
    let under_way = StoredValue::new(None::<AbortHandle>);
    let last = StoredValue::new(first);
    let alive = hydration::alive();
    // What could not be told may be told by now: somebody has signed in again, say.
    let again = RwSignal::new(());
    browser::on_return(move || {
        if looked.with_untracked(|looked| matches!(looked, PreviewState::Failed(Some(_)))) {
            last.set_value(None);
            again.set(());
        }
    });
    Effect::new(move |_| {
        again.track();
        if !alive.get() {
            return;
        }
        let params = params.get();
        let before = last.try_update_value(|last| last.replace(params.clone())).flatten();
        // Several fields were set, to what they were.
        if before.as_ref() == Some(&params) {
            return;
        }
        if let Some(before) = under_way.try_update_value(Option::take).flatten() {
            before.abort();
        }
        of.set_value(None);
        let Ok(params) = params else { return looked.set(PreviewState::Failed(None)) };
        let asking = async move {
            browser::sleep(PAUSE_MILLISECONDS).await;
            settled(&params);
            looked.set(PreviewState::Loading);
            let found = preview_selection(params.to_query()).await;
            of.set_value(Some(params));
            looked.set(PreviewState::from_answer(found));
        };
        let (asking, handle) = abortable(asking);
        under_way.set_value(Some(handle));
        spawn_local(async move {
            let _ = asking.await;
        });
    });
    PreviewQuery { looked, of }
}

/// What the export will hold.
#[component]
pub fn PreviewCard(
    /// What is known of it.
    looked: RwSignal<PreviewState>,
    /// Narrows the selection to these days.
    #[prop(into)]
    narrow: Callback<(NaiveDate, NaiveDate)>,
) -> impl IntoView {
    let language = page_data::language();
    let words = language.export();
    // What was found before stays while the next is looked for, so that nothing jumps.
    let shown = Memo::new(move |before: Option<&PreviewState>| match (looked.get(), before) {
        (PreviewState::Loading, Some(before @ PreviewState::Ready(_))) => before.clone(),
        (looked, _) => looked,
    });
    let is_looking = move || looked.with(|looked| *looked == PreviewState::Loading);
    let content = move || match shown.get() {
        PreviewState::Loading => view! { <p class="hint preview__none">{words.looking}</p> }.into_any(),
        PreviewState::Failed(None) => view! { <p class="hint preview__none">{words.choose_right_dates}</p> }.into_any(),
        PreviewState::Failed(Some(error)) => {
            let why = match error.code {
                // What the export itself will say is not said twice.
                ErrorCode::Unauthenticated => words.signed_out.to_owned(),
                _ => language.error(&error),
            };
            view! { <p class="hint preview__none">{(words.cannot_look)(&why)}</p> }.into_any()
        }
        PreviewState::Ready(preview) => found(preview, language, narrow).into_any(),
    };
    // One sentence is read out, and not the chart with it.
    let said = move || match looked.get() {
        PreviewState::Ready(Preview { rows, bytes, .. }) => {
            (words.holds)(&language.events(rows), &language.bytes(bytes))
        }
        _ => String::new(),
    };
    view! {
        <section class="card preview" aria-label=words.what_you_get aria-busy=move || is_looking().to_string()>
            {content}
            <p class="visually-hidden" aria-live="polite">{said}</p>
        </section>
    }
}

fn found(preview: Preview, language: Language, narrow: Callback<(NaiveDate, NaiveDate)>) -> impl IntoView {
    let words = language.export();
    let Preview { rows: events, first, last, bytes, days, columns, sample } = preview;
    if events == 0 {
        return view! { <p class="preview__none">{words.no_events}</p> }.into_any();
    }
    let tile = |name: &'static str, value: String| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    let moment = |text: &str| {
        let (date, clock) = text.split_once('T').unwrap_or((text, ""));
        let date = parse_day(date).map_or_else(|| date.to_owned(), |date| language.day(date));
        format!("{date} {}", clock.get(..8).unwrap_or(clock))
    };
    let lines = rows(&sample, 0);
    view! {
        <dl class="tiles">
            {tile(words.events, language.count(events))}
            {tile(words.file_about, language.bytes(bytes))}
            {first.map(|first| tile(words.first, moment(&first)))}
            {last.map(|last| tile(words.last, moment(&last)))}
        </dl>
        {(!days.is_empty()).then(|| view! { <Histogram days narrow/> })}
        <details class="sample" open>
            <summary>{words.first_rows}</summary>
            // It can be scrolled, so the keyboard has to get there.
            <div class="scroll" tabindex="0" role="region" aria-label=words.first_rows>
                <table class="plain">
                    <thead>
                        <tr>{columns.into_iter().map(|column| view! { <th scope="col">{column}</th> }).collect_view()}</tr>
                    </thead>
                    <tbody inner_html=lines></tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}
