//! Pages that need no script to be alive: forms of the browser's own, and what became of them. They are rendered on the
//! server only, so that what they are made of is not in the WASM. The little that a script adds to them is in
//! `public/plain.js`.

use leptos::prelude::*;

use crate::api::page::Page;
use crate::ui::page_data;

pub mod account;
pub mod form;
pub mod login;
pub mod not_found;
pub mod problem_page;
pub mod setup;
pub mod tokens;
pub mod user;
pub mod users;

/// The page that was asked for, whichever it is.
pub fn page() -> AnyView {
    use account::Account;
    use login::Login;
    use not_found::NotFound;
    use setup::Setup;
    use tokens::Tokens;
    use user::UserPage;
    use users::Users;

    match page_data::page() {
        Some(Page::Tokens) => view! { <Tokens/> }.into_any(),
        Some(Page::Account) => view! { <Account/> }.into_any(),
        Some(Page::Users) => view! { <Users/> }.into_any(),
        Some(Page::User) => view! { <UserPage/> }.into_any(),
        Some(Page::Login) => view! { <Login/> }.into_any(),
        Some(Page::Setup) => view! { <Setup/> }.into_any(),
        Some(Page::Export | Page::History | Page::Verify) => crate::ui::page(),
        None => view! { <NotFound/> }.into_any(),
    }
}
