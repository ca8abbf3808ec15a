//! The models that the configuration names: whether each can be asked, without asking it anything that costs.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::finding::{Area, Blame, Finding};
use crate::cli::{Session, equip};
use crate::config::{Config, Loaded};
use crate::ids::ModelName;
use crate::model::{self, Options, Spec, Timeouts, Unreached};
use crate::plan::Role;
use crate::text::printable;
use crate::time::Span;

/// Nobody waits long to hear that there is no network.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Span::from_secs(3),
    headers: Span::from_secs(5),
    idle: Span::from_secs(5),
    total: Span::from_secs(10),
};

/// Looks at all of them at the same time.
pub(super) async fn look(session: &Session, loaded: &Loaded) -> Vec<Finding> {
    let used = used(&loaded.config);
    let looked = loaded.config.models.iter().map(|(name, spec)| one(session, name, spec, used.contains(name)));
    join_all(looked).await.into_iter().flatten().collect()
}

async fn one(session: &Session, name: &ModelName, spec: &Spec, is_used: bool) -> Vec<Finding> {
    let what = match spec {
        Spec::Replay(recordings) => format!("recordings in {}", recordings.dir.display()),
        Spec::Anthropic(service) | Spec::OpenAi(service) | Spec::OpenAiChat(service) => {
            format!("{} at {}", printable(&service.model, 80), spec.address().unwrap_or_default())
        }
    };
    let options = Options { record: None, timeouts: TIMEOUTS };
    let specs = BTreeMap::from([(name.clone(), spec.clone())]);
    let reached = match model::build(&specs, &options, &session.env) {
        Ok(_) => model::reach(name, spec, &options, &session.env).await,
        Err(error) => Err(error.into()),
    };
    let mut found = vec![match &reached {
        Ok(()) => Finding::ok(Area::Models, format!("{name} can be asked: {what}")),
        Err(why) => {
            let (blame, hint) = mend(name, why);
            let says = format!("{name} cannot be asked ({what}): {}", told(why));
            // What nothing uses stands in the way of nothing.
            if is_used {
                Finding::problem(Area::Models, blame, says, hint)
            } else {
                Finding::warning(Area::Models, says, hint)
            }
        }
    }];
    if !spec.is_priced() {
        let says = format!(
            "what {name} costs is unknown: with a budget in dollars it is refused, unless its `prices` are set"
        );
        found.push(Finding::note(Area::Models, says));
    }
    found
}

/// With its cause, on one line.
fn told(why: &Unreached) -> String {
    let mut says = why.to_string();
    let mut source = std::error::Error::source(why);
    while let Some(error) = source {
        says = format!("{says}: {error}");
        source = error.source();
    }
    printable(&says, 400)
}

fn mend(name: &ModelName, why: &Unreached) -> (Blame, String) {
    match why {
        Unreached::Model(error) => match error.blame() {
            model::Blame::Config => (Blame::Config, error.hint()),
            model::Blame::Keys | model::Blame::Disk => (Blame::Machine, error.hint()),
        },
        Unreached::Failed(failed) => match failed.status {
            Some(401 | 403) => (Blame::Machine, "set the variable to a key that the provider takes".to_owned()),
            Some(_) | None => {
                (Blame::Machine, format!("see that the server runs and that `models.{name}` has its address"))
            }
        },
    }
}

/// The models that a run would ask.
fn used(config: &Config) -> BTreeSet<ModelName> {
    let asked = Role::ALL.into_iter().filter_map(|role| equip::asked_by(config, config.agent_of(role)));
    asked.filter_map(|name| ModelName::new(name).ok()).chain(config.planning_model().cloned()).collect()
}
