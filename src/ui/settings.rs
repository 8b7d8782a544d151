//! The settings page at `/settings`: the data export.

use leptos::prelude::*;

use super::frame::SettingsFrame;
use super::motion_export::MotionExport;
use crate::app::SETTINGS_PATH;

/// The page.
#[component]
pub fn Settings() -> impl IntoView {
    view! {
        <SettingsFrame
            current=SETTINGS_PATH
            title="Data Export"
            lead="Raw motion-detection events as CSV, for Excel, Sheets, pandas or DuckDB."
        >
            <MotionExport/>
        </SettingsFrame>
    }
}
