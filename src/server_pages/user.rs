//! One user, for administrators: cameras, password, role and removal.

use std::collections::HashSet;

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;

use super::form::{FormOutcome, NewPassword, PasswordOf, RevokeTokens, SelectChoice, roles};
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
    let UserWithCameras { user, cameras, is_me } = user;
    let language = page_data::language();
    let (texts, forms) = (language.people(), language.forms());
    let path = user_path(&user.id);
    let cameras = (user.role == Role::User).then(|| view! { <Cameras cameras path=path.clone()/> });
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
        {rest}
    }
}

#[component]
fn Cameras(cameras: Vec<Grant>, path: String) -> impl IntoView {
    let language = page_data::language();
    let texts = language.people();
    // What was checked in a form that was sent without a session.
    let outcome = page_data::outcome();
    let unsent = outcome.as_ref().filter(|outcome| outcome.filled_in("action").as_deref() == Some("cameras"));
    let unsent: Option<HashSet<&str>> = unsent.map(|outcome| outcome.all_filled_in("camera_id").collect());
    let none = cameras.is_empty().then(|| view! { <p>{texts.no_cameras}</p> });
    let boxes = cameras.into_iter().map(|Grant { camera, granted }| {
        let name = language.camera(&camera);
        let checked = unsent.as_ref().map_or(granted, |unsent| unsent.contains(&*camera.id));
        view! {
            <label class="check">
                // The grants when the page was rendered. Only changes to them are applied.
                {granted.then(|| view! { <input type="hidden" name="before" value=camera.id.clone()/> })}
                <input type="checkbox" name="camera_id" value=camera.id checked=checked/>
                <span>{name}</span>
            </label>
        }
    });
    view! {
        <form class="card stack" method="post" action=path>
            <fieldset>
                <legend><h2>{texts.cameras}</h2></legend>
                {none}
                <p class="needs-script chips">
                    <button type="button" class="chip" data-ticks="camera_id" data-on="">{texts.check_all}</button>
                    <button type="button" class="chip" data-ticks="camera_id">{texts.check_none}</button>
                </p>
                <div class="checks">{boxes.collect_view()}</div>
            </fieldset>
            <button class="primary" name="action" value="cameras">{texts.save_cameras}</button>
        </form>
    }
}
