//! The import of an uploaded file, for administrators: a form, and the state of the upload or the summary of the last one.

use leptos::prelude::*;

use super::form::FormOutcome;
use crate::api::language::Language;
use crate::api::page::Content;
use crate::api::page::import::{Finding, ImportState, ImportSummary, Phase, Upload};
use crate::api::paths::{IMPORT_PATH, SETTINGS_PATH};
use crate::ui::layout::{CannotShow, SettingsFrame};
use crate::ui::page_data;

/// How often a page without script loads itself again while something runs, in seconds.
const REFRESH_SECONDS: &str = "3";

/// The page at `/settings/import`.
#[component]
pub fn Import() -> impl IntoView {
    let language = page_data::language();
    let texts = language.import();
    let content = match page_data::content() {
        Ok(Content::Import(state)) => contents(state, language).into_any(),
        Ok(_) => ().into_any(),
        Err(error) => view! { <CannotShow error/> }.into_any(),
    };
    view! {
        <SettingsFrame current=IMPORT_PATH title=language.frame().import lead=texts.lead>
            // `public/plain.js` replaces its contents.
            <div id="import">
                <FormOutcome/>
                {content}
            </div>
            <p class="visually-hidden" role="status" id="import-news"></p>
        </SettingsFrame>
    }
}

fn contents(state: ImportState, language: Language) -> impl IntoView {
    let ImportState { max_megabytes, blocks_writers, upload } = state;
    let is_running = upload.as_ref().is_some_and(|upload| upload.phase.is_running());
    let shown = upload.map(|upload| upload_view(upload, language));
    view! {
        {shown}
        {(!is_running).then(|| upload_form(max_megabytes, blocks_writers, language))}
    }
}

fn upload_view(upload: Upload, language: Language) -> impl IntoView {
    let texts = language.import();
    let Upload { file, phase } = upload;
    match phase {
        Phase::Receiving(bytes) => {
            running((texts.being_uploaded)(&file, &language.bytes(bytes)), None, language).into_any()
        }
        Phase::Importing { source, percent } => {
            running((texts.being_imported)(&file, source), percent, language).into_any()
        }
        Phase::Done(summary) => summary_view(&file, summary, language).into_any(),
        Phase::Refused { row, problem } => {
            failed((texts.not_imported)(&file), (texts.nothing_because)(row, &problem.text)).into_any()
        }
        Phase::Failed(message) => failed((texts.not_imported)(&file), message.text).into_any(),
    }
}

fn failed(title: String, reason: String) -> impl IntoView {
    view! {
        <div class="notice notice--bad" data-news role="alert">
            <h2>{title}</h2>
            <p>{reason}</p>
        </div>
    }
}

/// What runs. It loads the page again, by itself or by the script.
fn running(message: String, percent: Option<u8>, language: Language) -> impl IntoView {
    let value = percent.map(|percent| percent.to_string());
    view! {
        <div class="card stack" data-running>
            <p>{message}</p>
            <progress aria-label=language.import().outcome max="100" value=value></progress>
            <p class="hint">{language.import().nothing_half}</p>
            <noscript>
                <meta http-equiv="refresh" content=REFRESH_SECONDS/>
            </noscript>
        </div>
    }
}

fn summary_view(file: &str, summary: ImportSummary, language: Language) -> impl IntoView {
    let texts = language.import();
    let number = |name: &'static str, count: u64| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{language.count(count)}</dd>
            </div>
        }
    };
    let ImportSummary { imported, already_there, cameras_new, cameras_renamed, findings } = summary;
    let is_nothing = imported == 0 && already_there == 0 && !findings.is_empty();
    let title = if is_nothing { (texts.not_imported)(file) } else { (texts.imported)(file) };
    view! {
        <div class="card stack" data-news>
            <h2>{title}</h2>
            <dl class="tiles">
                {number(texts.events_imported, imported)}
                {number(texts.already_there, already_there)}
                {number(texts.cameras_new, cameras_new)}
                {(cameras_renamed > 0).then(|| number(texts.cameras_renamed, cameras_renamed))}
            </dl>
            {(!findings.is_empty()).then(|| finding_table(findings, language))}
            <p><a href=SETTINGS_PATH rel="external">{texts.export_them}</a></p>
        </div>
    }
}

fn finding_table(findings: Vec<Finding>, language: Language) -> impl IntoView {
    let texts = language.import();
    let rows = findings.into_iter().map(|Finding { kind, reason, count, first }| {
        view! {
            <tr role="row">
                <td role="cell" data-label=texts.count>{language.count(count)}</td>
                <td role="cell" data-label=texts.outcome>{(texts.kind)(kind)}</td>
                <td role="cell" data-label=texts.reason>{reason.text}</td>
                <td role="cell" data-label=texts.first>{first}</td>
            </tr>
        }
    });
    view! {
        <h3 id="findings-title">{texts.findings}</h3>
        <table role="table" aria-labelledby="findings-title">
            <thead role="rowgroup">
                <tr role="row">
                    <th scope="col" role="columnheader">{texts.count}</th>
                    <th scope="col" role="columnheader">{texts.outcome}</th>
                    <th scope="col" role="columnheader">{texts.reason}</th>
                    <th scope="col" role="columnheader">{texts.first}</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
    }
}

fn upload_form(max_megabytes: u32, blocks_writers: bool, language: Language) -> impl IntoView {
    let texts = language.import();
    if max_megabytes == 0 {
        return view! { <p class="card">{texts.uploads_off}</p> }.into_any();
    }
    let outcome = page_data::outcome();
    let filled_in = |field: &str| outcome.as_ref().and_then(|outcome| outcome.filled_in(field));
    let checkbox = |name: &'static str, label: &'static str| {
        view! {
            <label class="check">
                <input type="checkbox" name=name value="true" checked=filled_in(name).is_some()/>
                <span>{label}</span>
            </label>
        }
    };
    let field = |name: &'static str, label: &'static str, hint: &'static str| {
        let hint_id = format!("{name}-hint");
        view! {
            <div class="field">
                <label for=name>{label}</label>
                <input
                    id=name
                    name=name
                    autocapitalize="none"
                    autocomplete="off"
                    spellcheck="false"
                    value=filled_in(name).filter(|value| !value.is_empty())
                    aria-describedby=hint_id.clone()
                />
                <p class="hint" id=hint_id>{hint}</p>
            </div>
        }
    };
    let is_open = ["raw", "unterminated", "detect", "camera_prefix"]
        .iter()
        .any(|name| filled_in(name).is_some_and(|value| !value.is_empty()));
    view! {
        <form
            class="card stack"
            method="post"
            enctype="multipart/form-data"
            action=IMPORT_PATH
            data-upload
            data-sending=texts.uploading
            data-lost=texts.connection_lost
        >
            <div class="field">
                <label for="file">{texts.file}</label>
                <input id="file" name="file" type="file" required aria-describedby="file-hint"/>
                <p class="hint" id="file-hint">{(texts.file_hint)(max_megabytes)}</p>
            </div>
            <details open=is_open>
                <summary>{texts.options}</summary>
                <div class="stack">
                    {checkbox("raw", texts.raw)}
                    {checkbox("unterminated", texts.unterminated)}
                    {field("detect", texts.detect, texts.detect_hint)}
                    {field("camera_prefix", texts.camera_prefix, texts.camera_prefix_hint)}
                </div>
            </details>
            {blocks_writers.then(|| view! { <p class="hint">{texts.blocks_writers}</p> })}
            <button class="primary">{texts.import}</button>
            <progress hidden max="100" aria-label=texts.import></progress>
            <p hidden role="status"></p>
        </form>
    }
    .into_any()
}
