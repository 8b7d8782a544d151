//! The page about one export: everything that its record says.

use leptos::either::EitherOf3;
use leptos::prelude::*;

use crate::api::cameras::Camera;
use crate::api::exports::{EXPORTS_PATH, ExportRecord};
use crate::api::language::Language;
use crate::api::page::{Content, RecordPage};
use crate::api::paths::{HISTORY_PATH, SETTINGS_PATH, VERIFY_PATH};
use crate::export_params::{Delimiter, ExportParams};
use crate::ui::controls::copy_button::CopyField;
use crate::ui::layout::{CannotShow, SettingsFrame};
use crate::ui::page_data;
use crate::ui::records::export_history::{cancel_form, count};
use crate::ui::table_html::escape_html;

/// The page at `/settings/exports/{id}`.
#[component]
pub fn ExportRecordPage() -> impl IntoView {
    let language = page_data::language();
    let texts = language.record();
    let content = match page_data::content() {
        Ok(Content::ExportRecord(page)) => Ok(*page),
        Ok(_) => Err(None),
        Err(error) => Err(Some(error)),
    };
    let heading = content
        .as_ref()
        .map_or_else(|_| texts.title.to_owned(), |page| (texts.heading)(&language.timestamp(&page.record.started_at)));
    let body = match content {
        Ok(page) => EitherOf3::A(card(page, language)),
        Err(Some(error)) => EitherOf3::B(view! { <CannotShow error/> }),
        Err(None) => EitherOf3::C(()),
    };
    view! {
        <SettingsFrame current=HISTORY_PATH title=texts.title heading lead=texts.lead>
            <p><a href=HISTORY_PATH rel="external">{texts.back}</a></p>
            {body}
        </SettingsFrame>
    }
}

fn card(page: RecordPage, language: Language) -> impl IntoView {
    let texts = language.record();
    let RecordPage { record, cameras, file_name } = page;
    let params = ExportParams::parse(&record.query).ok();
    let cancel = cancel_form(&record, &escape_html(&language.timestamp(&record.started_at)));
    let again = params.as_ref().map(|params| {
        // The form cannot show unguarded cells.
        let can_select = !params.raw;
        view! {
            <a href=params.to_url() rel="external" download="">{language.history().export_again}</a>
            {can_select.then(|| view! {
                <a href=format!("{SETTINGS_PATH}?{}", params.to_query()) rel="external">{texts.select_again}</a>
            })}
        }
    });
    let json = format!("{EXPORTS_PATH}/{}", record.id);
    let rows = facts(&record, params.as_ref(), &cameras, file_name, language).into_iter().map(|(name, value)| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    });
    view! {
        <div class="card stack">
            <dl class="record-facts">{rows.collect_view()}</dl>
            <p class="pages">
                {again}
                <a href=VERIFY_PATH rel="external">{texts.verify}</a>
                <a href=json rel="external">{texts.as_json}</a>
            </p>
            <div inner_html=cancel></div>
        </div>
    }
}

/// Returns what the record says, each fact with its name.
fn facts(
    record: &ExportRecord,
    params: Option<&ExportParams>,
    cameras: &[Camera],
    file_name: Option<String>,
    language: Language,
) -> Vec<(&'static str, AnyView)> {
    let (texts, history) = (language.record(), language.history());
    let text = |text: String| text.into_any();
    let moment = |moment: &String| language.timestamp(moment);
    let state = view! {
        <span class=format!("state state--{}", record.state.as_str())>{language.state_of(record)}</span>
        {record.reason.as_ref().map(|reason| view! { <span class="reason">" " {reason.text.clone()}</span> })}
    };
    let mut facts = vec![
        (history.state, state.into_any()),
        (history.by, text(record.user.clone().unwrap_or_else(|| history.unknown_user.to_owned()))),
        (texts.how, (texts.via)(&record.via).into_any()),
        (history.started, text(moment(&record.started_at))),
    ];
    facts.extend(record.finished_at.as_ref().map(|end| (texts.ended, text(moment(end)))));
    facts.extend(record.duration_ms.map(|duration| (texts.duration, text(language.duration(count(duration))))));
    if let Some(params) = params {
        facts.extend([
            (texts.dates, text(language.range(&params.range))),
            (language.export().timezone, text(params.timezone.clone())),
            (texts.cameras, camera_list(cameras, language)),
            (texts.options, text(options(params, language))),
        ]);
    }
    facts.extend(file_name.map(|name| (texts.file, view! { <code>{name}</code> }.into_any())));
    let bytes = count(record.bytes);
    facts.extend([
        (history.events, text(language.count(count(record.rows)))),
        (history.size, text((texts.exact_bytes)(&language.bytes(bytes), bytes))),
    ]);
    facts.extend(record.sha256.clone().map(|digest| {
        ("SHA-256", view! { <CopyField id="sha256" label="SHA-256" value=digest class="digest"/> }.into_any())
    }));
    let complete_to = record.complete_to.as_ref().map_or_else(|| texts.not_known.to_owned(), moment);
    let deleted_to = record.deleted_to.as_ref().map_or_else(|| texts.nothing_deleted.to_owned(), moment);
    facts.extend([
        (texts.complete_up_to, text(complete_to)),
        (texts.deleted_before, text(deleted_to)),
        (texts.id, view! { <code>{record.id.clone()}</code> }.into_any()),
        (texts.query, view! { <code>{record.query.clone()}</code> }.into_any()),
    ]);
    facts
}

/// Returns the cameras by name and id.
fn camera_list(cameras: &[Camera], language: Language) -> AnyView {
    if cameras.is_empty() {
        return language.history().all_cameras.into_any();
    }
    let named = |camera: &Camera| match &camera.name {
        Some(name) if *name != camera.id => format!("{name} ({})", camera.id),
        _ => language.camera(camera),
    };
    cameras.iter().map(named).collect::<Vec<_>>().join(", ").into_any()
}

/// Returns how the file was written.
fn options(params: &ExportParams, language: Language) -> String {
    let texts = language.record();
    let delimiter = match params.delimiter {
        Delimiter::Comma => texts.commas,
        Delimiter::Semicolon => texts.semicolons,
    };
    let flags = [(params.bom, texts.byte_order_mark), (params.excel_date, texts.date_column), (params.raw, texts.raw)];
    let chosen = flags.into_iter().filter(|(on, _)| *on).map(|(_, text)| text);
    std::iter::once(delimiter).chain(chosen).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_a_file_is_said_in_words() {
        let said = |query: &str, language| options(&ExportParams::parse(query).expect("valid"), language);
        assert_eq!(said("", Language::English), "commas and decimal points");
        assert_eq!(
            said("delimiter=semicolon&bom=true&excel_date=true&raw=true", Language::English),
            "semicolons and decimal commas, marked as UTF-8 for Excel, with a date column, without the guard against formulas"
        );
        assert_eq!(said("bom=true", Language::German), "Kommas und Dezimalpunkte, für Excel als UTF-8 markiert");
    }

    #[test]
    fn a_duration_is_as_precise_as_it_matters() {
        for (milliseconds, text) in [(0, "0 ms"), (9_999, "9,999 ms"), (10_000, "10 seconds"), (95_000, "2 minutes")] {
            assert_eq!(Language::English.duration(milliseconds), text);
        }
    }
}
