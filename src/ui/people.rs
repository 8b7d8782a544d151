//! People, for administrators: the list, and adding to it.

use leptos::either::Either;
use leptos::prelude::*;

use super::form::{FormOutcome, NewPassword, SelectChoice, TextField, roles};
use super::frame::{CannotShow, SettingsFrame};
use super::sent;
use crate::api::page::Content;
use crate::api::people::Person;
use crate::api::session::Role;
use crate::app::{PEOPLE_PATH, person_path};

/// The page at `/settings/people`.
#[component]
pub fn People() -> impl IntoView {
    let list = match sent::content() {
        Ok(Content::People(people)) => Either::Left(view! { <PeopleList people/> }),
        Ok(_) => Either::Left(view! { <PeopleList people=Vec::new()/> }),
        Err(error) => Either::Right(view! { <CannotShow error/> }),
    };
    view! {
        <SettingsFrame
            current=PEOPLE_PATH
            title="People"
            lead="Who may sign in, and whose cameras they see. Choose a name to change something."
        >
            <FormOutcome/>
            {list}
            <form class="card stack" method="post" action=PEOPLE_PATH aria-labelledby="new-person-title">
                <h2 id="new-person-title">"New person"</h2>
                <TextField name="name" label="Name" hint="What the person types to sign in."/>
                <SelectChoice name="role" label="Role" options=roles() chosen="user".to_owned()/>
                <NewPassword label="First password"/>
                <button class="primary">"Add person"</button>
            </form>
        </SettingsFrame>
    }
}

#[component]
fn PeopleList(people: Vec<Person>) -> impl IntoView {
    let rows = people.into_iter().map(|person| {
        let (role, cameras) = described(&person);
        view! {
            <tr role="row">
                <th scope="row" role="rowheader"><a href=person_path(&person.id) rel="external">{person.name}</a></th>
                <td role="cell" data-label="Role">{role}</td>
                <td role="cell" data-label="Cameras">{cameras}</td>
            </tr>
        }
    });
    view! {
        <div class="card">
            <table role="table">
                <caption>"People"</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">"Name"</th>
                        <th scope="col" role="columnheader">"Role"</th>
                        <th scope="col" role="columnheader">"Cameras"</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

/// Role and cameras in words.
fn described(person: &Person) -> (&'static str, String) {
    match person.role {
        Role::Admin => ("Administrator", "all".to_owned()),
        Role::User => ("User", person.cameras.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_administrator_sees_all_cameras_whatever_was_granted() {
        let person = |role| Person { id: String::new(), name: String::new(), role, cameras: 2 };
        assert_eq!(described(&person(Role::Admin)).1, "all");
        assert_eq!(described(&person(Role::User)).1, "2");
    }
}
