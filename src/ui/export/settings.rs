//! The settings page at `/settings`: the data export.

use leptos::prelude::*;

use super::motion_export::MotionExport;
use crate::api::paths::SETTINGS_PATH;
use crate::ui::layout::SettingsFrame;
use crate::ui::page_data;

/// The settings page with the export form.
#[component]
pub fn Settings() -> impl IntoView {
    let texts = page_data::language().frame();
    view! {
        <SettingsFrame current=SETTINGS_PATH title=texts.data_export lead=texts.data_export_lead>
            <MotionExport/>
        </SettingsFrame>
    }
}
