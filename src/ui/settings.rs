//! The settings page at `/settings`: the data export.

use leptos::prelude::*;

use super::frame::SettingsFrame;
use super::motion_export::MotionExport;
use super::sent;
use crate::paths::SETTINGS_PATH;

/// The page.
#[component]
pub fn Settings() -> impl IntoView {
    let words = sent::language().frame();
    view! {
        <SettingsFrame current=SETTINGS_PATH title=words.data_export lead=words.data_export_lead>
            <MotionExport/>
        </SettingsFrame>
    }
}
