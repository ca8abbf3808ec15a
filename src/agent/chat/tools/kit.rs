//! The tools of one attempt: which there are for its role, and the call of one by its name.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::super::finish::{self, Verdicts};
use super::shown::{Paths, capped};
use super::{bash, change, edit, list, read, search, write};
use crate::agent::error::nearest;
use crate::agent::job::Job;
use crate::message::TaskResult;
use crate::model;
use crate::plan::Role;
use crate::text::{Redactor, printable};

/// What a model may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::agent::chat) enum Tool {
    Read,
    List,
    Search,
    Change,
    Edit,
    Write,
    Bash,
    Leave,
    Finish,
}

impl Tool {
    /// Those of a role. Whoever may change nothing gets nothing to change it with: a shell could.
    pub(in crate::agent::chat) fn of(role: Role, shell: Shells) -> Vec<Self> {
        let bash = [Self::Bash].into_iter().filter(|_| shell == Shells::Some);
        match role {
            Role::Research => vec![Self::Read, Self::List, Self::Search, Self::Leave, Self::Finish],
            Role::Review => vec![Self::Read, Self::List, Self::Search, Self::Change, Self::Leave, Self::Finish],
            Role::Implement | Role::Test => [Self::Read, Self::List, Self::Search, Self::Edit, Self::Write]
                .into_iter()
                .chain(bash)
                .chain([Self::Leave, Self::Finish])
                .collect(),
        }
    }

    /// All there are, for whatever role: what providers keep of a conversation begins with its tools, so all tasks of a run
    /// are told of the same ones.
    pub(in crate::agent::chat) fn all(shell: Shells) -> Vec<Self> {
        let bash = [Self::Bash].into_iter().filter(|_| shell == Shells::Some);
        [Self::Read, Self::List, Self::Search, Self::Change, Self::Edit, Self::Write]
            .into_iter()
            .chain(bash)
            .chain([Self::Leave, Self::Finish])
            .collect()
    }

    pub(in crate::agent::chat) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Search => "search",
            Self::Change => "change",
            Self::Edit => "edit",
            Self::Write => "write",
            Self::Bash => "bash",
            Self::Leave => "leave",
            Self::Finish => "finish",
        }
    }

    /// As a model is told of it.
    pub(in crate::agent::chat) fn told(self) -> model::Tool {
        let (description, parameters) = match self {
            Self::Read => (
                "Shows a text file, or a part of it, with line numbers. A path that begins with $ORCHESTRA_INPUTS/ is a file \
                 that an earlier task left.",
                read::parameters(),
            ),
            Self::List => (
                "Lists a folder, or with `glob` all files whose path fits. What version control ignores is left out.",
                list::parameters(),
            ),
            Self::Search => (
                "Searches the files of the project for lines that fit a regular expression. Gives path:line: text.",
                search::parameters(),
            ),
            Self::Change => ("Shows a review what the tasks before it changed, as a patch.", change::parameters()),
            Self::Edit => (
                "Replaces one piece of a file by another. The old text must stand in the file exactly once, or set `all`. \
                 Read the file first.",
                edit::parameters(),
            ),
            Self::Write => {
                ("Makes a file, or replaces all of one. To change a part of a file, use `edit`.", write::parameters())
            }
            Self::Bash => (
                "Runs a command in a shell, in the workspace. There is no input, nobody answers questions, and what it \
                 leaves running is ended. Of long output you see the beginning and the end.",
                bash::parameters(),
            ),
            Self::Leave => (
                "Leaves a file for the tasks after yours, in the folder that ORCHESTRA_ARTIFACTS names. Only if your task asks \
                 for it.",
                write::parameters_to_leave(),
            ),
            Self::Finish => (
                "Ends your work with its result. Call it alone, once, when all is done or cannot be done.",
                finish::parameters(),
            ),
        };
        model::Tool { name: self.name().to_owned(), description: description.to_owned(), parameters }
    }
}

/// Whether there is a shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::agent::chat) enum Shells {
    Some,
    None,
}

/// What a tool says to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// What it gave.
    Done(String),
    /// Why it gave nothing.
    Failed(String),
    /// The call itself was wrong.
    Wrong(String),
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::agent::chat) enum Given {
    /// It did what it was asked.
    Done(String),
    /// It could not.
    Failed(String),
    /// No tool could make sense of it.
    Wrong(String),
    /// The work is at its end.
    Finish(Box<TaskResult>),
}

/// The tools of one attempt.
#[derive(Clone)]
pub(in crate::agent::chat) struct Kit {
    pub(in crate::agent::chat) job: Arc<Job>,
    /// What the model is told of.
    pub(in crate::agent::chat) all: Vec<Tool>,
    /// What of it may be called.
    pub(in crate::agent::chat) tools: Vec<Tool>,
    /// The most that a tool gives, in bytes.
    pub(in crate::agent::chat) cap: usize,
    /// What our own folders are called.
    pub(in crate::agent::chat) paths: Paths,
    /// What takes secrets out of what is given.
    pub(in crate::agent::chat) redactor: Option<Redactor>,
    pub(in crate::agent::chat) cancel: CancellationToken,
}

impl Kit {
    /// The tool with this name, or what to say where there is none.
    pub(in crate::agent::chat) fn named(&self, name: &str) -> Result<Tool, Given> {
        self.tools.iter().copied().find(|tool| tool.name() == name).ok_or_else(|| {
            if self.all.iter().any(|tool| tool.name() == name) {
                return Given::Failed(format!("`{name}` is not for a {} task", self.job.message.role));
            }
            let names: Vec<&str> = self.tools.iter().map(|tool| tool.name()).collect();
            let meant = match nearest(name, &names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", names.join(", ")),
            };
            Given::Wrong(format!("there is no tool `{}`; {meant}", printable(name, 80)))
        })
    }

    /// Calls a tool that needs no process.
    pub(in crate::agent::chat) fn call(&self, tool: Tool, arguments: &str) -> Given {
        let told = match tool {
            Tool::Read => read::read(self, arguments),
            Tool::List => list::list(self, arguments),
            Tool::Search => search::search(self, arguments),
            Tool::Change => change::change(self, arguments),
            Tool::Edit => edit::edit(self, arguments),
            Tool::Write => write::write(self, arguments),
            Tool::Leave => write::leave(self, arguments),
            Tool::Finish => {
                return match super::arguments::read(arguments)
                    .and_then(|claim| finish::result(claim, Verdicts::of(self.job.message.role)))
                {
                    Ok(result) => Given::Finish(Box::new(result)),
                    Err(why) => self.given(Told::Wrong(why)),
                };
            }
            // Who has a shell calls it by itself.
            Tool::Bash => Err(Told::Failed("there is no shell here".to_owned())),
        };
        self.given(told.unwrap_or_else(|told| told))
    }

    pub(super) fn given(&self, told: Told) -> Given {
        let fit = |text: String| {
            let text = self.redactor.as_ref().map_or(text.clone(), |redactor| redactor.text(&text));
            capped(&self.paths.hide(&text), self.cap).into_owned()
        };
        match told {
            Told::Done(text) => Given::Done(fit(text)),
            Told::Failed(text) => Given::Failed(fit(text)),
            Told::Wrong(text) => Given::Wrong(fit(text)),
        }
    }
}
