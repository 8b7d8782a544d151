//! The live sources, for administrators: shows the state of each, tries one, and says how to add one.

use leptos::either::Either;
use leptos::prelude::*;

use self::recipes::{NO_TOKEN, texts};
use super::form::FormOutcome;
use crate::api::page::{Content, Outcome};
use crate::api::paths::{RETENTION_PATH, SOURCES_PATH};
use crate::api::sources::{Recipe, Source, SourceList, SourceState, TriedEvent};
use crate::api::tokens::FORM_KEY;
use crate::ui::layout::drawings::{Drawing, empty_state};
use crate::ui::layout::{CannotShow, SettingsFrame};
use crate::ui::page_data;

mod recipes;

/// About how many characters of a text to copy are in a line.
const COLUMNS: usize = 100;

/// The page at `/settings/sources`.
#[component]
pub fn Sources() -> impl IntoView {
    let language = page_data::language();
    let texts = language.sources();
    let (list, error) = match page_data::content() {
        Ok(Content::Sources(list)) => (list, None),
        Ok(_) => (SourceList::default(), None),
        Err(error) => (SourceList::default(), Some(error)),
    };
    let SourceList { sources, address, form_key } = list;
    let tried = match page_data::outcome() {
        Some(Outcome::Tried { name, result, mqtt }) => Some(view! { <TrialResult name result mqtt/> }),
        _ => None,
    };
    let sources = if let Some(error) = error {
        Either::Left(view! { <CannotShow error/> })
    } else if sources.is_empty() {
        Either::Right(Either::Left(empty_state(
            Drawing::Camera,
            view! { <p>{texts.none}</p> },
            Some(("#add-title", texts.add)),
        )))
    } else {
        Either::Right(Either::Right(sources.into_iter().map(|source| view! { <SourceCard source/> }).collect_view()))
    };
    let recipes =
        Recipe::ALL.map(|recipe| view! { <RecipeSteps recipe address=address.clone() form_key=form_key.clone()/> });
    view! {
        <SettingsFrame current=SOURCES_PATH title=language.frame().sources lead=texts.lead>
            <FormOutcome/>
            {tried}
            {sources}
            <section class="card stack" aria-labelledby="add-title">
                <h2 id="add-title">{texts.add}</h2>
                <p>{texts.add_lead}</p>
                <p>{texts.retention} <a href=RETENTION_PATH rel="external">{language.frame().retention}</a> "."</p>
                {recipes.collect_view()}
            </section>
        </SettingsFrame>
    }
}

/// One source.
#[component]
fn SourceCard(source: Source) -> impl IntoView {
    let language = page_data::language();
    let texts = language.sources();
    let shown = |moment: Option<String>| {
        moment.map_or_else(|| texts.not_known.to_owned(), |moment| language.timestamp(&moment))
    };
    let id = format!("source-{}", source.name);
    let can_test = source.state != SourceState::NotInSettings;
    let rows = [
        (texts.events_stored, language.count(source.accepted.unsigned_abs())),
        (texts.last_event, shown(source.last_event)),
        (texts.last_contact, shown(source.last_contact)),
        (texts.complete_to, shown(source.complete_to)),
    ];
    let clock = source.clock_offset.map(|seconds| (texts.clock, (texts.clock_offset)(seconds)));
    let error = source.error.map(|(at, error)| (texts.last_error, format!("{}: {error}", language.timestamp(&at))));
    let mqtt = source.mqtt.map(|mqtt| ("MQTT", mqtt));
    let rows = rows.into_iter().chain(mqtt).chain(clock).chain(error).map(|(name, value)| {
        view! {
            <dt>{name}</dt>
            <dd>{value}</dd>
        }
    });
    let reasons = (!source.reasons.is_empty()).then(|| {
        let items = source.reasons.into_iter().map(|(reason, count)| {
            view! { <li>{language.count(count.unsigned_abs())} " × " {reason}</li> }
        });
        view! {
            <h3>{texts.reasons}</h3>
            <ul>{items.collect_view()}</ul>
        }
    });
    let gaps = (!source.gaps.is_empty()).then(|| {
        let items = source.gaps.into_iter().map(|(begin, end)| {
            view! { <li>{(texts.gap)(&language.timestamp(&begin), &language.timestamp(&end))}</li> }
        });
        view! {
            <h3>{texts.gaps}</h3>
            <p class="hint">{texts.gap_hint}</p>
            <ul>{items.collect_view()}</ul>
        }
    });
    let test = can_test.then(|| {
        let label = (texts.test_named)(&source.name);
        view! {
            <form method="post" action=SOURCES_PATH>
                <input type="hidden" name="source" value=source.name.clone()/>
                <button name="action" value="test" aria-label=label>{texts.test}</button>
            </form>
        }
    });
    view! {
        <section class="card stack" aria-labelledby=id.clone()>
            <h2 id=id.clone()>{source.name.clone()} " · " {(texts.state)(source.state)}</h2>
            <dl class="facts">{rows.collect_view()}</dl>
            {reasons}
            {gaps}
            {test}
        </section>
    }
}

/// What a trial has read.
#[component]
fn TrialResult(name: String, result: Result<Vec<TriedEvent>, String>, mqtt: Option<String>) -> impl IntoView {
    let language = page_data::language();
    let texts = language.sources();
    let events = match result {
        Err(error) => {
            return Either::Left(view! {
                <p id="outcome" class="notice notice--bad" role="alert" tabindex="-1" autofocus>{name} ": " {error}</p>
            });
        }
        Ok(events) => events,
    };
    let rows = events.into_iter().map(|event| {
        let time = event.time.map(|time| language.timestamp(&time)).unwrap_or_default();
        view! {
            <tr role="row">
                <td role="cell" data-label=texts.time>{time}</td>
                <td role="cell" data-label=texts.camera>{event.camera}</td>
                <td role="cell" data-label=texts.detector>{event.detector}</td>
                <td role="cell" data-label=texts.notes>{event.notes.join(" ")}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let is_empty = rows.is_empty();
    let table = view! {
        <table role="table" aria-labelledby="tried-title">
            <thead role="rowgroup">
                <tr role="row">
                    <th scope="col" role="columnheader">{texts.time}</th>
                    <th scope="col" role="columnheader">{texts.camera}</th>
                    <th scope="col" role="columnheader">{texts.detector}</th>
                    <th scope="col" role="columnheader">{texts.notes}</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    };
    Either::Right(view! {
        <div id="outcome" class="card" role="status" tabindex="-1" autofocus>
            <h2 id="tried-title">{(texts.tried)(&name)}</h2>
            <p>{if is_empty { texts.no_events } else { texts.tried_nothing }}</p>
            {mqtt.map(|mqtt| view! { <p>"MQTT: " {mqtt}</p> })}
            {(!is_empty).then_some(table)}
        </div>
    })
}

/// How to add a source of one kind.
#[component]
fn RecipeSteps(recipe: Recipe, address: String, form_key: String) -> impl IntoView {
    let language = page_data::language();
    let (page, copying) = (language.sources(), language.copying());
    let token = match page_data::outcome() {
        Some(Outcome::Recipe { recipe: created, token }) if created == recipe => Some(token),
        _ => None,
    };
    let steps = (page.steps)(recipe).iter().zip(texts(recipe, &address, token.as_deref().unwrap_or(NO_TOKEN)));
    let steps = steps.enumerate().map(|(index, (step, text))| {
        let id = format!("{}-{index}", recipe.as_str());
        // Long lines are wrapped.
        let rows: usize = text.lines().map(|line| 1 + line.len() / COLUMNS).sum();
        view! {
            <p><label for=id.clone()>{*step}</label></p>
            <div class="copyable">
                <textarea id=id.clone() class="code" readonly rows=rows.to_string() spellcheck="false">{text}</textarea>
                <button
                    type="button"
                    class="needs-script"
                    data-copies=id
                    data-copied=copying.copied
                    data-selected=copying.selected
                >
                    {copying.copy}
                </button>
                <span role="status"></span>
            </div>
        }
    });
    let made = token.is_some().then(|| {
        view! { <p id="outcome" class="notice" role="status" tabindex="-1" autofocus>{page.token_made}</p> }
    });
    let make = (!matches!(recipe, Recipe::Frigate | Recipe::ArgusAi) && token.is_none()).then(|| {
        let hint = format!("{}-hint", recipe.as_str());
        view! {
            <form method="post" action=SOURCES_PATH>
                <input type="hidden" name="recipe" value=recipe.as_str()/>
                <input type="hidden" name=FORM_KEY value=form_key/>
                <button name="action" value="token" aria-describedby=hint.clone()>{page.make_token}</button>
                <p class="hint" id=hint>{page.make_token_hint}</p>
            </form>
        }
    });
    view! {
        <details class="recipe" open=token.is_some()>
            <summary>{recipe.title()}</summary>
            <div class="stack">
                {made}
                {steps.collect_view()}
                {make}
            </div>
        </details>
    }
}
