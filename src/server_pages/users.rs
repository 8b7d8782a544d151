//! All users, for administrators: lists them and adds new ones.

use leptos::either::Either;
use leptos::prelude::*;

use super::form::searchable::{LongList, Search};
use super::form::{FormOutcome, NewPassword, SelectChoice, TextField, roles};
use crate::api::language::Language;
use crate::api::page::Content;
use crate::api::paths::{USERS_PATH, user_path};
use crate::api::session::Role;
use crate::api::users::{User, UserList};
use crate::ui::layout::{CannotShow, SettingsFrame};
use crate::ui::page_data;

/// The page at `/settings/people`.
#[component]
pub fn Users() -> impl IntoView {
    let list = match page_data::content() {
        Ok(Content::Users(list)) => Either::Left(view! { <People list/> }),
        Ok(_) => Either::Left(view! { <People list=UserList::default()/> }),
        Err(error) => Either::Right(view! { <CannotShow error/> }),
    };
    let language = page_data::language();
    let (texts, forms) = (language.people(), language.forms());
    view! {
        <SettingsFrame current=USERS_PATH title=language.frame().people lead=texts.lead>
            <FormOutcome/>
            <form class="card stack" method="post" action=USERS_PATH aria-labelledby="new-person-title">
                <h2 id="new-person-title">{texts.new_person}</h2>
                <div class="fields">
                    <TextField name="name" label=forms.name hint=texts.name_hint/>
                    <SelectChoice name="role" label=forms.role options=roles() hint=forms.role_hint chosen="user".to_owned()/>
                    <NewPassword label=texts.first_password/>
                </div>
                <button class="primary">{texts.add}</button>
            </form>
            {list}
        </SettingsFrame>
    }
}

#[component]
fn People(list: UserList) -> impl IntoView {
    let language = page_data::language();
    let (texts, forms) = (language.people(), language.forms());
    let UserList { users, search, total } = list;
    let found = users.len();
    let rows = users.into_iter().map(move |user| {
        let (role, cameras) = described(&user, language);
        view! {
            <tr role="row">
                <th scope="row" role="rowheader"><a href=user_path(&user.id) rel="external">{user.name}</a></th>
                <td role="cell" data-label=forms.role>{role}</td>
                <td role="cell" data-label=texts.cameras>{cameras}</td>
            </tr>
        }
    });
    view! {
        <div class="card">
            <h2 id="people-title">{language.frame().people}</h2>
            <Search action=USERS_PATH.to_owned() list="people-list" label=forms.search_people search found total/>
            {(found == 0).then(|| view! { <p>{forms.nothing_found}</p> })}
            <LongList id="people-list" labelled_by="people-title">
                <table role="table" aria-labelledby="people-title">
                    <thead role="rowgroup">
                        <tr role="row">
                            <th scope="col" role="columnheader">{forms.name}</th>
                            <th scope="col" role="columnheader">{forms.role}</th>
                            <th scope="col" role="columnheader">{texts.cameras}</th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{rows.collect_view()}</tbody>
                </table>
            </LongList>
        </div>
    }
}

/// Returns role and number of cameras as text.
fn described(user: &User, language: Language) -> (&'static str, String) {
    let cameras = match user.role {
        Role::Admin => language.people().all_cameras.to_owned(),
        Role::User => user.cameras.to_string(),
    };
    (language.role(user.role), cameras)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_administrator_sees_all_cameras_whatever_was_granted() {
        let user = |role| User { id: String::new(), name: String::new(), role, cameras: 2 };
        let shown = |role, language| described(&user(role), language);
        assert_eq!(shown(Role::Admin, Language::English), ("Administrator", "all".to_owned()));
        assert_eq!(shown(Role::User, Language::English), ("User", "2".to_owned()));
        assert_eq!(shown(Role::Admin, Language::German), ("Administrator", "alle".to_owned()));
        assert_eq!(shown(Role::User, Language::German), ("Benutzer", "2".to_owned()));
    }
}
