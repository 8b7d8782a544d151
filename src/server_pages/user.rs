//! One user, for administrators: cameras, password, role and removal.

use std::collections::HashSet;

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;

use super::form::searchable::{LongList, Search};
use super::form::sessions::Sessions;
use super::form::{FormOutcome, NewPassword, PasswordOf, RevokeTokens, SelectChoice, TextField, roles};
use crate::api::page::Content;
use crate::api::paths::{ACCOUNT_PATH, USERS_PATH, user_path};
use crate::api::session::Role;
use crate::api::users::{Grant, UserWithCameras};
use crate::ui::layout::{CannotShow, SettingsFrame};
use crate::ui::page_data;

/// The page at `/settings/people/{id}`.
#[component]
pub fn UserPage() -> impl IntoView {
    let content = match page_data::content() {
        Ok(Content::User(user)) => Ok(user),
        Ok(_) => Err(None),
        Err(error) => Err(Some(error)),
    };
    let texts = page_data::language().people();
    let heading = content.as_ref().map_or_else(|_| texts.person.to_owned(), |user| user.user.name.clone());
    let lead = match content.as_ref().map(|user| user.user.role) {
        Ok(Role::Admin) => texts.lead_of_admin,
        Ok(Role::User) => texts.lead_of_user,
        Err(_) => "",
    };
    let body = match content {
        Ok(user) => EitherOf3::A(view! {
            <FormOutcome/>
            <Forms user/>
        }),
        Err(Some(error)) => EitherOf3::B(view! { <CannotShow error/> }),
        Err(None) => EitherOf3::C(()),
    };
    view! {
        <SettingsFrame current=USERS_PATH title=texts.person heading lead>
            <p><a href=USERS_PATH rel="external">{texts.back}</a></p>
            {body}
        </SettingsFrame>
    }
}

#[component]
fn Forms(user: UserWithCameras) -> impl IntoView {
    let UserWithCameras { user, cameras, search, total, others, sessions, is_me } = user;
    let language = page_data::language();
    let (texts, forms) = (language.people(), language.forms());
    let path = user_path(&user.id);
    let granted = usize::try_from(user.cameras).unwrap_or_default();
    let cameras =
        (user.role == Role::User).then(|| view! { <Cameras cameras search total granted others path=path.clone()/> });
    let sessions = view! { <Sessions sessions action=path.clone()/> };
    let rest = if is_me {
        Either::Left(view! {
            <p class="card">
                {texts.this_is_you} <a href=ACCOUNT_PATH rel="external">{language.frame().account}</a>"."
            </p>
        })
    } else {
        Either::Right(view! {
            <form class="card stack" method="post" action=path.clone() aria-labelledby="password-title">
                <h2 id="password-title">{texts.set_new_password}</h2>
                <PasswordOf name=user.name.clone()/>
                <NewPassword label=texts.new_password/>
                <RevokeTokens label=texts.revoke_tokens/>
                <p class="hint" id="password-effect">{texts.password_effect}</p>
                <button class="primary" name="action" value="password" aria-describedby="password-effect">
                    {texts.set_password}
                </button>
            </form>
            <form class="card stack" method="post" action=path.clone() aria-labelledby="role-title">
                <h2 id="role-title">{forms.role}</h2>
                <SelectChoice name="role" label=forms.role options=roles() hint=forms.role_hint chosen=user.role.as_str().to_owned()/>
                <button class="primary" name="action" value="role">{texts.change_role}</button>
            </form>
            <details class="card">
                <summary><h2>{(texts.remove)(&user.name)}</h2></summary>
                <form class="stack" method="post" action=path>
                    <p>{texts.remove_effect}</p>
                    <button class="danger" name="action" value="remove">{(texts.really_remove)(&user.name)}</button>
                </form>
            </details>
        })
    };
    view! {
        {cameras}
        {sessions}
        {rest}
    }
}

#[component]
fn Cameras(
    /// The cameras that match the search.
    cameras: Vec<Grant>,
    /// What is searched for.
    search: String,
    /// The number of all cameras.
    total: usize,
    /// How many of them are granted.
    granted: usize,
    /// The names of people whose cameras can be copied.
    others: Vec<String>,
    path: String,
) -> impl IntoView {
    let language = page_data::language();
    let (texts, forms) = (language.people(), language.forms());
    // What was checked in a form that was sent without a session.
    let outcome = page_data::outcome();
    let unsent = outcome.as_ref().filter(|outcome| outcome.filled_in("action").as_deref() == Some("cameras"));
    let unsent: Option<HashSet<&str>> = unsent.map(|outcome| outcome.all_filled_in("camera_id").collect());
    let (found, is_complete) = (cameras.len(), search.is_empty());
    let none = match (total, found) {
        (0, _) => Some(texts.no_cameras),
        (_, 0) => Some(forms.nothing_found),
        _ => None,
    };
    let none = none.map(|none| view! { <p>{none}</p> });
    let boxes = cameras.into_iter().map(|Grant { camera, granted }| {
        let name = language.camera(&camera);
        let checked = unsent.as_ref().map_or(granted, |unsent| unsent.contains(&*camera.id));
        view! {
            <label class="check">
                // The grants when the page was rendered. Only changes to them are applied, so a search loses none.
                {granted.then(|| view! { <input type="hidden" name="before" value=camera.id.clone()/> })}
                <input type="checkbox" name="camera_id" value=camera.id checked=checked/>
                <span>{name}</span>
            </label>
        }
    });
    let boxes = boxes.collect_view();
    let all = language.count(total as u64);
    let chosen = (texts.chosen)(&language.count(granted as u64), &all);
    // The script counts what is checked, which it can only if all cameras are on the page.
    let counted = is_complete.then(|| (texts.chosen)("{}", &all));
    let copy = (!others.is_empty()).then(|| view! { <CopyCameras others path=path.clone()/> });
    view! {
        <div class="card">
            <h2 id="cameras-title">{texts.cameras}</h2>
            <Search action=path.clone() list="cameras-list" label=forms.search_cameras search found total/>
            <form method="post" action=path>
                {none}
                <p class="needs-script chips">
                    <button type="button" class="chip" data-ticks="camera_id" data-on="">{texts.check_all}</button>
                    <button type="button" class="chip" data-ticks="camera_id">{texts.check_none}</button>
                </p>
                <LongList id="cameras-list" labelled_by="cameras-title">
                    <div class="checks">{boxes}</div>
                </LongList>
                <div class="save-bar">
                    <button class="primary" name="action" value="cameras">{texts.save_cameras}</button>
                    <output data-counts="camera_id" data-text=counted>{chosen}</output>
                </div>
            </form>
            {copy}
        </div>
    }
}

/// A form that adds the cameras of another person.
#[component]
fn CopyCameras(others: Vec<String>, path: String) -> impl IntoView {
    let texts = page_data::language().people();
    let is_open = page_data::outcome().is_some_and(|outcome| outcome.filled_in("from").is_some());
    view! {
        <details open=is_open>
            <summary>{texts.copy_cameras}</summary>
            <form class="stack" method="post" action=path>
                <TextField name="from" label=texts.copy_from hint=texts.copy_hint suggestions=others/>
                <button name="action" value="copy">{texts.copy}</button>
            </form>
        </details>
    }
}
