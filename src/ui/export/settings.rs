//! The settings page at `/settings`: the data export.

use leptos::prelude::*;

use super::motion_export::MotionExport;
use crate::api::paths::SETTINGS_PATH;
use crate::ui::layout::SettingsFrame;
use crate::ui::page_data;

/// The page.
#[component]
pub fn Settings() -> impl IntoView {
    let words = page_data::language().frame();
    view! {
        <SettingsFrame current=SETTINGS_PATH title=words.data_export lead=words.data_export_lead>
            <MotionExport/>
        </SettingsFrame>
    }
}
