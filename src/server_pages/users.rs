//! People, for administrators: the list, and adding to it.

use leptos::either::Either;
use leptos::prelude::*;

use super::form::{FormOutcome, NewPassword, SelectChoice, TextField, roles};
use crate::api::language::Language;
use crate::api::page::Content;
use crate::api::paths::{USERS_PATH, user_path};
use crate::api::session::Role;
use crate::api::users::User;
use crate::ui::layout::{CannotShow, SettingsFrame};
use crate::ui::page_data;

/// The page at `/settings/people`.
#[component]
pub fn Users() -> impl IntoView {
    let list = match page_data::content() {
        Ok(Content::Users(people)) => Either::Left(view! { <UserList people/> }),
        Ok(_) => Either::Left(view! { <UserList people=Vec::new()/> }),
        Err(error) => Either::Right(view! { <CannotShow error/> }),
    };
    let language = page_data::language();
    let (words, forms) = (language.people(), language.forms());
    view! {
        <SettingsFrame current=USERS_PATH title=language.frame().people lead=words.lead>
            <FormOutcome/>
            {list}
            <form class="card stack" method="post" action=USERS_PATH aria-labelledby="new-person-title">
                <h2 id="new-person-title">{words.new_person}</h2>
                <TextField name="name" label=forms.name hint=words.name_hint/>
                <SelectChoice name="role" label=forms.role options=roles() chosen="user".to_owned()/>
                <NewPassword label=words.first_password/>
                <button class="primary">{words.add}</button>
            </form>
        </SettingsFrame>
    }
}

#[component]
fn UserList(people: Vec<User>) -> impl IntoView {
    let language = page_data::language();
    let (words, forms) = (language.people(), language.forms());
    let rows = people.into_iter().map(|person| {
        let (role, cameras) = described(&person, language);
        view! {
            <tr role="row">
                <th scope="row" role="rowheader"><a href=user_path(&person.id) rel="external">{person.name}</a></th>
                <td role="cell" data-label=forms.role>{role}</td>
                <td role="cell" data-label=words.cameras>{cameras}</td>
            </tr>
        }
    });
    view! {
        <div class="card">
            <table role="table">
                <caption>{language.frame().people}</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">{forms.name}</th>
                        <th scope="col" role="columnheader">{forms.role}</th>
                        <th scope="col" role="columnheader">{words.cameras}</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

/// Role and cameras in words.
fn described(person: &User, language: Language) -> (&'static str, String) {
    let cameras = match person.role {
        Role::Admin => language.people().all_cameras.to_owned(),
        Role::User => person.cameras.to_string(),
    };
    (language.role(person.role), cameras)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_administrator_sees_all_cameras_whatever_was_granted() {
        let person = |role| User { id: String::new(), name: String::new(), role, cameras: 2 };
        let told = |role, language| described(&person(role), language);
        assert_eq!(told(Role::Admin, Language::English), ("Administrator", "all".to_owned()));
        assert_eq!(told(Role::User, Language::English), ("User", "2".to_owned()));
        assert_eq!(told(Role::Admin, Language::German), ("Administrator", "alle".to_owned()));
        assert_eq!(told(Role::User, Language::German), ("Benutzer", "2".to_owned()));
    }
}
