//! One person, for administrators: cameras, password, removal.

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;

use super::browser;
use super::camera_select::label;
use super::form::{FormOutcome, NewPassword, PasswordOf, SelectChoice, roles};
use super::frame::{CannotShow, SettingsFrame};
use super::sent;
use crate::api::page::Content;
use crate::api::people::{Grant, PersonWithCameras};
use crate::api::session::Role;
use crate::app::{ACCOUNT_PATH, PEOPLE_PATH, person_path};

/// The page at `/settings/people/{id}`.
#[component]
pub fn PersonPage() -> impl IntoView {
    let content = match sent::content() {
        Ok(Content::Person(person)) => Ok(person),
        Ok(_) => Err(None),
        Err(error) => Err(Some(error)),
    };
    let heading = content.as_ref().map_or_else(|_| "Person".to_owned(), |person| person.person.name.clone());
    let lead = match content.as_ref().map(|person| person.person.role) {
        Ok(Role::Admin) => "An administrator, who sees all cameras and manages people.",
        Ok(Role::User) => "A user, who sees the cameras chosen here.",
        Err(_) => "",
    };
    let body = match content {
        Ok(person) => EitherOf3::A(view! {
            <FormOutcome/>
            <Forms person/>
        }),
        Err(Some(error)) => EitherOf3::B(view! { <CannotShow error/> }),
        Err(None) => EitherOf3::C(()),
    };
    view! {
        <SettingsFrame current=PEOPLE_PATH title="Person" heading lead>
            <p><a href=PEOPLE_PATH rel="external">"← All people"</a></p>
            {body}
        </SettingsFrame>
    }
}

#[component]
fn Forms(person: PersonWithCameras) -> impl IntoView {
    let PersonWithCameras { person, cameras, is_me } = person;
    let path = person_path(&person.id);
    let cameras = (person.role == Role::User).then(|| view! { <Cameras cameras path=path.clone()/> });
    let rest = if is_me {
        Either::Left(view! {
            <p class="card">
                "This is you. Your password is changed under "
                <a href=ACCOUNT_PATH rel="external">"Account"</a>"."
            </p>
        })
    } else {
        Either::Right(view! {
            <form class="card stack" method="post" action=path.clone() aria-labelledby="password-title">
                <h2 id="password-title">"Set a new password"</h2>
                <PasswordOf name=person.name.clone()/>
                <NewPassword label="New password"/>
                <p class="hint" id="password-effect">"The person is signed out everywhere. Access tokens stay."</p>
                <button class="primary" name="action" value="password" aria-describedby="password-effect">
                    "Set password"
                </button>
            </form>
            <form class="card stack" method="post" action=path.clone() aria-labelledby="role-title">
                <h2 id="role-title">"Role"</h2>
                <SelectChoice name="role" label="Role" options=roles() chosen=person.role.word().to_owned()/>
                <button class="primary" name="action" value="role">"Change role"</button>
            </form>
            <details class="card">
                <summary>"Remove "{person.name.clone()}</summary>
                <form class="stack" method="post" action=path>
                    <p>
                        "Sessions, links and access tokens stop working at once, and running exports end. This cannot be undone."
                    </p>
                    <button class="danger" name="action" value="remove">"Yes, remove "{person.name}</button>
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
    let none =
        cameras.is_empty().then(|| view! { <p>"There are no cameras yet. They come with the first import."</p> });
    let boxes = cameras.into_iter().map(|Grant { camera, granted }| {
        let name = label(&camera);
        view! {
            <label class="check">
                // What was granted when the page was made: only what is changed from there is changed.
                {granted.then(|| view! { <input type="hidden" name="before" value=camera.id.clone()/> })}
                <input type="checkbox" name="camera_id" value=camera.id checked=granted/>
                <span>{name}</span>
            </label>
        }
    });
    view! {
        <form class="card stack" method="post" action=path>
            <fieldset>
                <legend>"Cameras"</legend>
                {none}
                <p class="needs-script chips">
                    <button type="button" class="chip" on:click=move |_| browser::check_all("camera_id", true)>"All"</button>
                    <button type="button" class="chip" on:click=move |_| browser::check_all("camera_id", false)>"None"</button>
                </p>
                <div class="checks">{boxes.collect_view()}</div>
            </fieldset>
            <button class="primary" name="action" value="cameras">"Save cameras"</button>
        </form>
    }
}
