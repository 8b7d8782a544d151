//! What the selection holds, shown while it is being chosen.

use futures_util::future::{AbortHandle, abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{browser, format};
use crate::api::preview::{Day, Preview, preview_selection};
use crate::error::{ApiError, ErrorCode};
use crate::export::ExportParams;

/// For how long a selection has to stay as it is before it is looked at, in milliseconds.
const PAUSE_MILLISECONDS: i32 = 250;

/// How many bars there are at most.
const MOST_BARS: usize = 60;

/// The chart's size, in its own units.
const CHART: (usize, usize) = (600, 96);

/// What is known of the selection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Looked {
    /// Nothing yet.
    #[default]
    Looking,
    /// What it holds.
    Found(Preview),
    /// Why that cannot be told. `None` where the form says so itself.
    Not(Option<String>),
}

impl Looked {
    /// How many events there are, where that is known.
    pub fn rows(&self) -> Option<u64> {
        match self {
            Self::Found(preview) => Some(preview.rows),
            _ => None,
        }
    }
}

/// Looks at the selection whenever it changes, and stops looking at the one before: in the database too.
pub fn look(params: Signal<Result<ExportParams, ApiError>>) -> RwSignal<Looked> {
    let looked = RwSignal::new(Looked::Looking);
    let under_way = StoredValue::new(None::<AbortHandle>);
    Effect::new(move |_| {
        let params = params.get();
        if let Some(before) = under_way.try_update_value(Option::take).flatten() {
            before.abort();
        }
        looked.set(Looked::Looking);
        let Ok(params) = params else { return looked.set(Looked::Not(None)) };
        let asking = async move {
            browser::sleep(PAUSE_MILLISECONDS).await;
            let found = preview_selection(params.to_query()).await;
            looked.set(match found {
                Ok(preview) => Looked::Found(preview),
                Err(error) => Looked::Not(Some(untold(&error))),
            });
        };
        let (asking, handle) = abortable(asking);
        under_way.set_value(Some(handle));
        spawn_local(async move {
            let _ = asking.await;
        });
    });
    looked
}

/// Why there is nothing to tell. What the export itself will say is not said twice.
fn untold(error: &ApiError) -> String {
    match error.code {
        ErrorCode::Unauthenticated => "You are signed out.".to_owned(),
        _ => error.detail.clone(),
    }
}

/// A bar of the chart: the days that it stands for, and their events.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bar {
    first: String,
    last: String,
    events: u64,
}

/// The days as bars: one for each day from the first to the last, or for as many days as it takes to have no more than
/// [`MOST_BARS`].
fn bars(days: &[Day]) -> Vec<Bar> {
    let date = |day: &Day| day.day.parse::<chrono::NaiveDate>().ok();
    let (Some(first), Some(last)) = (days.first().and_then(date), days.last().and_then(date)) else {
        return Vec::new();
    };
    let span = usize::try_from((last - first).num_days()).unwrap_or_default() + 1;
    let width = span.div_ceil(MOST_BARS);
    let day = |offset: usize| first + chrono::TimeDelta::days(i64::try_from(offset.min(span - 1)).unwrap_or_default());
    let mut bars: Vec<_> = (0..span.div_ceil(width))
        .map(|bar| Bar {
            first: day(bar * width).to_string(),
            last: day(bar * width + width - 1).to_string(),
            events: 0,
        })
        .collect();
    for counted in days {
        let Some(date) = date(counted) else { continue };
        let offset = usize::try_from((date - first).num_days()).unwrap_or_default();
        if let Some(bar) = bars.get_mut(offset / width) {
            bar.events += counted.events;
        }
    }
    bars
}

impl Bar {
    fn days(&self) -> String {
        if self.first == self.last { self.first.clone() } else { format!("{} to {}", self.first, self.last) }
    }

    fn told(&self) -> String {
        format!("{}: {}", self.days(), format::events(self.events))
    }
}

/// The chart in words, for those who do not see it.
fn chart_told(bars: &[Bar]) -> String {
    let each = if bars.iter().any(|bar| bar.first != bar.last) { "few days" } else { "day" };
    // The first of several that have as many.
    let most = bars.iter().rev().max_by_key(|bar| bar.events);
    most.map_or_else(String::new, |most| format!("Events for every {each}. Most: {}.", most.told()))
}

/// What the export will hold.
#[component]
pub fn PreviewCard(
    /// What is known of it.
    looked: RwSignal<Looked>,
) -> impl IntoView {
    let shown = move || match looked.get() {
        Looked::Looking => view! { <p class="hint">"Looking…"</p> }.into_any(),
        Looked::Not(None) => view! { <p class="hint">"Choose dates that follow each other."</p> }.into_any(),
        Looked::Not(Some(why)) => {
            view! { <p class="hint">{format!("What this holds cannot be told: {why}")}</p> }.into_any()
        }
        Looked::Found(preview) => found(preview).into_any(),
    };
    // One sentence is read out, and not the chart with it.
    let said = move || match looked.get() {
        Looked::Found(Preview { rows, bytes, .. }) => {
            format!("{}, a file of about {}", format::events(rows), format::bytes(bytes))
        }
        _ => String::new(),
    };
    view! {
        <section class="card preview needs-script" aria-label="What you will get">
            {shown}
            <p class="visually-hidden" aria-live="polite">{said}</p>
        </section>
    }
}

fn found(preview: Preview) -> impl IntoView {
    let Preview { rows, first, last, bytes, days } = preview;
    if rows == 0 {
        return view! { <p class="preview__none">"There are no events in this selection."</p> }.into_any();
    }
    let bars = bars(&days);
    let span = first.zip(last).map(|(first, last)| {
        view! {
            <div>
                <dt>"From the first to the last"</dt>
                <dd class="preview__span">{to_the_second(&first)} " – " {to_the_second(&last)}</dd>
            </div>
        }
    });
    view! {
        <dl class="tiles">
            <div>
                <dt>"Events"</dt>
                <dd>{format::count(rows)}</dd>
            </div>
            <div>
                <dt>"File, about"</dt>
                <dd>{format::bytes(bytes)}</dd>
            </div>
            {span}
        </dl>
        {chart(&bars)}
    }
    .into_any()
}

/// `2025-12-15T10:30:00.867341-08:00` as `2025-12-15 10:30:00`.
fn to_the_second(timestamp: &str) -> String {
    timestamp.get(..19).unwrap_or(timestamp).replace('T', " ")
}

fn chart(bars: &[Bar]) -> impl IntoView {
    let most = bars.iter().map(|bar| bar.events).max().unwrap_or(1).max(1);
    let (width, height) = CHART;
    let each = width / bars.len().max(1);
    let shown = bars.iter().enumerate().map(|(index, bar)| {
        // Any event at all can be seen.
        let tall =
            usize::try_from(bar.events * height as u64 / most).unwrap_or(height).max(usize::from(bar.events > 0));
        view! {
            <rect
                x=(index * each).to_string()
                y=(height - tall).to_string()
                width=each.saturating_sub(1).max(1).to_string()
                height=tall.to_string()
            >
                <title>{bar.told()}</title>
            </rect>
        }
    });
    let ends = bars.first().zip(bars.last()).map(|(first, last)| {
        view! {
            <p class="axis">
                <span>{first.first.clone()}</span>
                <span>{last.last.clone()}</span>
            </p>
        }
    });
    view! {
        <svg
            class="chart"
            viewBox=format!("0 0 {} {height}", (each * bars.len()).max(1))
            preserveAspectRatio="none"
            role="img"
            aria-label=chart_told(bars)
        >
            {shown.collect_view()}
        </svg>
        {ends}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: &[(&str, u64)]) -> Vec<Day> {
        days.iter().map(|(day, events)| Day { day: (*day).to_owned(), events: *events }).collect()
    }

    #[test]
    fn days_without_events_have_a_bar_too() {
        let bars = bars(&days(&[("2025-12-30", 3), ("2026-01-01", 1)]));
        let told: Vec<_> = bars.iter().map(Bar::told).collect();
        assert_eq!(told, ["2025-12-30: 3 events", "2025-12-31: 0 events", "2026-01-01: 1 event"]);
        assert_eq!(chart_told(&bars), "Events for every day. Most: 2025-12-30: 3 events.");
    }

    #[test]
    fn many_days_share_bars_and_no_event_is_lost() {
        let many = days(&[("2016-01-01", 1), ("2020-06-01", 5), ("2025-12-31", 2)]);
        let bars = bars(&many);
        assert!(bars.len() <= MOST_BARS && bars.len() > MOST_BARS / 2, "{}", bars.len());
        assert_eq!(bars.iter().map(|bar| bar.events).sum::<u64>(), 8);
        assert_eq!((bars[0].first.as_str(), bars[bars.len() - 1].last.as_str()), ("2016-01-01", "2025-12-31"));
        assert!(chart_told(&bars).starts_with("Events for every few days. Most: 2020-"));
        assert_eq!(super::bars(&[]), []);
    }

    #[test]
    fn a_moment_is_shown_to_the_second_of_its_zone() {
        assert_eq!(to_the_second("2025-12-15T10:30:00.867341-08:00"), "2025-12-15 10:30:00");
    }
}
