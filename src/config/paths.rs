//! Paths in a configuration are relative to the file that holds them.

use std::path::{Component, Path, PathBuf};

use super::setting::Maybe;
use super::shape::{Layer, Template};
use crate::agent::Spec;
use crate::model::Spec as ModelSpec;

/// Makes every path of a layer absolute, from `base` on.
pub(super) fn resolve(layer: &mut Layer, base: &Path) {
    let resolve = |path: &mut PathBuf| *path = tidy(&base.join(&*path));
    if let Some(root) = layer.project.as_mut().and_then(|project| project.root.as_mut()) {
        resolve(root);
    }
    if let Some(Template::File(file)) = layer.planner.as_mut().and_then(|planner| planner.template.as_mut()) {
        resolve(file);
    }
    if let Some(dir) = layer.runs.as_mut().and_then(|runs| runs.dir.as_mut()) {
        resolve(dir);
    }
    for file in layer.planner.iter_mut().filter_map(|planner| planner.context.as_mut()).flatten() {
        resolve(file);
    }
    if let Some(Maybe(dir)) = layer.model.as_mut().and_then(|model| model.record.as_mut()) {
        resolve(dir);
    }
    if let Some(Maybe(dir)) = layer.prompts.as_mut().and_then(|prompts| prompts.dir.as_mut()) {
        resolve(dir);
    }
    for model in layer.models.iter_mut().flat_map(|models| models.values_mut()) {
        match model {
            ModelSpec::Replay(recordings) => resolve(&mut recordings.dir),
            ModelSpec::Anthropic(_) | ModelSpec::OpenAi(_) | ModelSpec::OpenAiChat(_) => {}
        }
    }
    for agent in layer.agents.iter_mut().flat_map(|agents| agents.values_mut()) {
        match agent {
            Spec::Scripted(scripted) => resolve(&mut scripted.file),
            Spec::Builtin {} | Spec::Chat(_) | Spec::Command(_) => {}
        }
    }
}

/// Without `.` and, as far as that can be told without looking, without `..`.
pub(super) fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidied.components().next_back(), Some(Component::Normal(_))) => {
                tidied.pop();
            }
            Component::ParentDir | Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                tidied.push(part);
            }
        }
    }
    tidied
}
