//! From the configuration to models that can be asked. Nothing goes over the wire here, and no TLS is made ready.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::ModelError;
use super::http::{Access, BaseUrl, Delivery, Endpoint, EndpointError, Headers, Key, Schemas, Timeouts};
use super::listed::{Listed, listed};
use super::recording::{Tape, replayed};
use super::{Known, MaxTokens, Model, Models, Service, Spec, Tokens, anthropic, openai_chat, openai_responses};
use crate::ids::{Digest, ModelName};
use crate::sys::env::Env;
use crate::text::Redactor;

/// What a model is taken to be able to, of which nobody says more.
const CONTEXT: u64 = 32_768;
const OUTPUT: u32 = 8_192;
/// Longer answers are had by asking for them: what an answer could cost at most is set aside before each request.
const USUAL_OUTPUT: u32 = 16_000;

/// How all of them are asked.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where questions and answers are kept, if they are.
    pub record: Option<PathBuf>,
    /// How long is waited for what.
    pub timeouts: Timeouts,
}

/// Makes every model of `specs`: pass only those that are used, since one that cannot be asked is an error.
pub fn build(specs: &BTreeMap<ModelName, Spec>, options: &Options, env: &Env) -> Result<Models, ModelError> {
    let mut known = Vec::new();
    for (name, spec) in specs {
        known.push((one(name, spec, options, env)?, spec));
    }
    let Some(dir) = &options.record else { return Ok(known.into_iter().map(|(known, _)| known).collect()) };
    let failed = |source| ModelError::Record { dir: dir.clone(), source };
    let tape = Tape::open(dir.clone(), redactor(specs.values(), env)).map_err(failed)?;
    let recorded = known.into_iter().map(|(known, spec)| match spec {
        // What is replayed was recorded already.
        Spec::Replay(_) => Ok(known),
        Spec::Anthropic(_) | Spec::OpenAi(_) | Spec::OpenAiChat(_) => tape.around(known).map_err(failed),
    });
    recorded.collect()
}

/// Takes the keys of `specs` out of texts.
fn redactor<'a>(specs: impl Iterator<Item = &'a Spec>, env: &Env) -> Redactor {
    let keys = specs.filter_map(Spec::key_variable).filter_map(|variable| {
        let value = env.text(variable)?;
        Some((variable.to_owned(), value.trim().to_owned()))
    });
    Redactor::new(keys)
}

fn one(name: &ModelName, spec: &Spec, options: &Options, env: &Env) -> Result<Known, ModelError> {
    let service = match spec {
        Spec::Replay(recordings) => return replay(name, &recordings.dir),
        Spec::Anthropic(service) | Spec::OpenAi(service) | Spec::OpenAiChat(service) => service,
    };
    let refused = |source| ModelError::Endpoint { model: name.clone(), source };
    let endpoint = endpoint(name, spec, service, options, env)?;
    let model: Arc<dyn Model> = match spec {
        Spec::Anthropic(_) => anthropic(endpoint),
        Spec::OpenAi(_) => openai_responses(endpoint),
        Spec::OpenAiChat(_) => openai_chat(endpoint, MaxTokens::ByHost),
        Spec::Replay(_) => return replay(name, Path::new("")),
    }
    .map_err(refused)?;
    let listed = listed(spec);
    let context_tokens = service.context_tokens.map(|tokens| tokens.get().into());
    let context_tokens = context_tokens.or_else(|| Some(listed?.context_tokens)).unwrap_or(CONTEXT);
    let longest = listed.map_or(OUTPUT, |Listed { max_output_tokens, .. }| max_output_tokens.min(USUAL_OUTPUT));
    let max_output_tokens = service.max_output_tokens.map(Tokens::get);
    // A small context is for both, so an answer that nobody limited leaves half of it for the question.
    let half = u32::try_from(context_tokens / 2).unwrap_or(u32::MAX).max(1);
    Ok(Known {
        name: name.clone(),
        model,
        prices: service.prices.or_else(|| Some(listed?.prices)),
        context_tokens,
        max_output_tokens: max_output_tokens.unwrap_or_else(|| longest.min(half)),
        digest: Digest::of(format!("{}\n{}", spec.provider(), service.model.trim()).as_bytes()),
    })
}

fn replay(name: &ModelName, dir: &Path) -> Result<Known, ModelError> {
    replayed(name, dir).map_err(|source| ModelError::Replay { model: name.clone(), source })
}

/// Whom to ask and how, as a wire client wants it.
pub(super) fn endpoint(
    name: &ModelName,
    spec: &Spec,
    service: &Service,
    options: &Options,
    env: &Env,
) -> Result<Endpoint, ModelError> {
    let refused = |source| ModelError::Endpoint { model: name.clone(), source };
    let base_url = match &service.base_url {
        Some(address) => address.clone(),
        None => spec
            .usual_address()
            .and_then(|address| BaseUrl::new(address).ok())
            .ok_or(refused(EndpointError::NoModel))?,
    };
    let access = match spec.key_variable() {
        None => Access::Open,
        Some(variable) => {
            let absent = || ModelError::NoKey { model: name.clone(), variable: variable.to_owned() };
            let value = env.text(variable).filter(|value| !value.is_empty()).ok_or_else(absent)?;
            let key = Key::new(variable, value);
            Access::Key(key.map_err(|source| ModelError::Key { model: name.clone(), source })?)
        }
    };
    let headers = service.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(Endpoint {
        headers: Headers::new(headers).map_err(refused)?,
        timeouts: options.timeouts,
        delivery: if service.stream == Some(false) { Delivery::Whole } else { Delivery::Streamed },
        schemas: if service.json_schema == Some(false) { Schemas::Asked } else { Schemas::Enforced },
        ..Endpoint::new(base_url, access, service.model.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Blame;
    use crate::money::Usd;
    use crate::sys::fs;

    fn specs(yaml: &str) -> BTreeMap<ModelName, Spec> {
        serde_yaml::from_str(yaml).unwrap()
    }

    fn built(yaml: &str, env: &[(&str, &str)]) -> Result<Known, ModelError> {
        let env: Env = env.iter().copied().collect();
        let models = build(&specs(yaml), &Options::default(), &env)?;
        Ok(models.get(&ModelName::new("main").unwrap()).unwrap().clone())
    }

    #[test]
    fn a_key_that_is_missing_or_none_is_told_by_its_variable_before_anything_is_asked() {
        let error = built("main: {anthropic: {model: m}}", &[]).err().unwrap();
        assert_eq!(error.blame(), Blame::Keys);
        assert!(error.to_string().contains("`ANTHROPIC_API_KEY` is not set"), "{error}");
        let error = built("main: {openai: {model: m, api_key_env: MY}}", &[("MY", "")]).err().unwrap();
        assert!(error.to_string().contains("`MY` is not set"), "{error}");
        let error =
            built("main: {openai: {model: m, api_key_env: MY}}", &[("MY", "sk-secret\u{7}value")]).err().unwrap();
        let said = format!("{error} {:?} {}", error, error.hint());
        assert!(said.contains("MY") && !said.contains("secret"), "{said}");
        // A newline at the end is what a file or a careless echo leaves there.
        built("main: {openai: {model: m, api_key_env: MY}}", &[("MY", "sk-secret-value\n")]).unwrap();
    }

    #[test]
    fn a_key_goes_to_its_providers_own_address_or_where_it_was_named_for() {
        let env = [("OPENAI_API_KEY", "sk-own"), ("MY", "sk-mine")];
        let access = |yaml: &str| {
            let specs = specs(yaml);
            let (name, spec) = specs.first_key_value().unwrap();
            let env: Env = env.iter().copied().collect();
            endpoint(name, spec, spec.service().unwrap(), &Options::default(), &env).unwrap().access
        };
        assert_eq!(access("main: {openai-chat: {model: m, base_url: 'http://127.0.0.1:1/v1'}}"), Access::Open);
        for (yaml, variable) in [
            ("main: {openai-chat: {model: m}}", "OPENAI_API_KEY"),
            ("main: {openai: {model: m, base_url: 'https://g.example/v1', api_key_env: MY}}", "MY"),
        ] {
            let Access::Key(key) = access(yaml) else { panic!("{yaml}") };
            assert_eq!(key.variable(), variable);
        }
        let plain = built("main: {openai: {model: m, base_url: 'http://g.example/v1', api_key_env: MY}}", &env);
        assert_eq!(plain.err().unwrap().blame(), Blame::Config, "a key does not travel readable");
    }

    #[test]
    fn prices_and_limits_are_those_of_the_configuration_else_of_the_list_else_unknown() {
        let env = [("ANTHROPIC_API_KEY", "sk-test-key")];
        let known = built("main: {anthropic: {model: claude-sonnet-4-5}}", &env).unwrap();
        assert_eq!(known.prices.unwrap().cache_write, Some(Usd::from_micros(3_750_000)));
        assert_eq!((known.context_tokens, known.max_output_tokens), (200_000, 16_000));
        let yaml = "main: {anthropic: {model: claude-sonnet-4-5, prices: {input: 1, output: 2}, max_output_tokens: 50, context_tokens: 70}}";
        let own = built(yaml, &env).unwrap();
        assert_eq!(own.prices.unwrap().input, Usd::from_micros(1_000_000));
        assert_eq!((own.context_tokens, own.max_output_tokens), (70, 50));
        assert_eq!(own.digest, known.digest, "what it costs changes nothing of what it says");
        let local =
            built("main: {openai-chat: {model: qwen3, base_url: 'http://localhost:1/v1', context_tokens: 4096}}", &[]);
        let local = local.unwrap();
        assert_eq!((local.prices, local.max_output_tokens), (None, 2048), "unknown is not nothing");
        assert_ne!(local.digest, known.digest);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told_before_anything_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(&folder.path().join("file"), b"").unwrap();
        let specs = specs("main: {openai-chat: {model: m, base_url: 'http://127.0.0.1:1/v1'}}");
        let options = |dir: &str| Options { record: Some(folder.path().join(dir)), ..Options::default() };
        let error = build(&specs, &options("file/x"), &Env::default()).err().unwrap();
        assert_eq!(error.blame(), Blame::Disk);
        build(&specs, &options("new/folder"), &Env::default()).unwrap();
        assert!(folder.path().join("new/folder/model-main.json").is_file());
    }
}
