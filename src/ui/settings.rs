//! The settings page: what there is to set up, one section each.

use leptos::prelude::*;
use leptos_meta::Title;

use super::banner::Banner;
use super::motion_export::MotionExport;

/// The page at `/settings`.
#[component]
pub fn Settings() -> impl IntoView {
    view! {
        <Title text="Data Export"/>
        <Banner/>
        <div class="shell">
            <nav aria-labelledby="settings-title">
                <p id="settings-title" class="nav-title">"Settings"</p>
                <a href="#data-export" aria-current="page">"Data Export"</a>
            </nav>
            <main>
                <section id="data-export" aria-labelledby="data-export-title">
                    <h1 id="data-export-title">"Data Export"</h1>
                    <p class="lead">
                        "Raw motion-detection events as CSV, for Excel, Sheets, pandas or DuckDB."
                    </p>
                    <MotionExport/>
                </section>
            </main>
        </div>
    }
}
