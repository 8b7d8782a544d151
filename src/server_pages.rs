//! Pages that work without JavaScript: plain HTML forms and their outcomes. They are rendered on the server only, so their
//! code is not in the WASM. `public/plain.js` adds a few conveniences.

use leptos::prelude::*;

use crate::api::page::Page;
use crate::ui::page_data;

pub mod account;
pub mod export_record;
pub mod form;
pub mod import;
pub mod login;
pub mod not_found;
pub mod problem_page;
pub mod retention;
pub mod setup;
pub mod sources;
pub mod tokens;
pub mod user;
pub mod users;

/// Returns the requested page.
pub fn page() -> AnyView {
    use account::Account;
    use export_record::ExportRecordPage;
    use import::Import;
    use login::Login;
    use not_found::NotFound;
    use retention::Retention;
    use setup::Setup;
    use sources::Sources;
    use tokens::Tokens;
    use user::UserPage;
    use users::Users;

    match page_data::page() {
        Some(Page::ExportRecord) => view! { <ExportRecordPage/> }.into_any(),
        Some(Page::Tokens) => view! { <Tokens/> }.into_any(),
        Some(Page::Account) => view! { <Account/> }.into_any(),
        Some(Page::Import) => view! { <Import/> }.into_any(),
        Some(Page::Users) => view! { <Users/> }.into_any(),
        Some(Page::User) => view! { <UserPage/> }.into_any(),
        Some(Page::Sources) => view! { <Sources/> }.into_any(),
        Some(Page::Retention) => view! { <Retention/> }.into_any(),
        Some(Page::Login) => view! { <Login/> }.into_any(),
        Some(Page::Setup) => view! { <Setup/> }.into_any(),
        Some(Page::Export | Page::History | Page::Verify) => crate::ui::page(),
        None => view! { <NotFound/> }.into_any(),
    }
}
