//! Keeping the files a task leaves: copied into the run directory, and hashed as they are stored.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::beneath::Found;
use super::wanted::{Origin, Roots};
use super::{RunDir, StoreError, manifest};
use crate::event::Artifact;
use crate::ids::{Digest, TaskId};
use crate::sys::fs;
use crate::time::Timestamp;

/// What to keep of which task.
#[derive(Debug, Clone)]
pub struct Collect {
    /// The run.
    pub dir: RunDir,
    /// The task.
    pub task: TaskId,
    /// Its attempt.
    pub attempt: u32,
    /// The folder the agent was given for artifacts; all that is in it is meant. It need not exist.
    pub folder: PathBuf,
    /// The workspace.
    pub workspace: PathBuf,
    /// Globs relative to the workspace, from the plan. A folder that fits stands for all that is in it.
    pub globs: Vec<String>,
    /// Paths relative to the workspace, as the agent named them.
    pub named: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// The most that is kept of one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Files.
    pub files: usize,
    /// Bytes of one file.
    pub each: u64,
    /// Bytes of all.
    pub total: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self { files: 1000, each: 64 * 1024 * 1024, total: 512 * 1024 * 1024 }
    }
}

/// What was kept of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Sorted by path.
    pub artifacts: Vec<Artifact>,
    /// What was not kept, and why.
    pub refused: Vec<Refused>,
}

/// One thing that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The file or glob as it was named. Untrusted text.
    pub what: String,
    /// Why not.
    pub why: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", crate::text::printable(&self.what, 200), self.why)
    }
}

/// Whether there is nothing to keep of a task, nor to put away of an earlier attempt. Quickly seen.
pub fn is_nothing_left(of: &Collect) -> bool {
    let absent = |path: &Path| matches!(fs::kind(path), Ok(None));
    let kept = of.dir.artifacts().join(RunDir::artifact_folder(&of.task));
    of.globs.is_empty() && of.named.is_empty() && absent(&of.folder) && absent(&kept)
}

/// Keeps what a task left, in place of what an earlier attempt of it left. Follows no symbolic link and keeps only
/// regular files. All of it is on the disk when this returns. Tasks may be collected at the same time.
pub fn collect(from: &Collect) -> Result<Collected, StoreError> {
    collect_within(from, Caps::default())
}

/// Like [`collect`], with other caps.
pub fn collect_within(from: &Collect, caps: Caps) -> Result<Collected, StoreError> {
    let mut collected = Collected::default();
    let roots = Roots::open(from, &mut collected.refused)?;
    let wanted = roots.wanted(from, caps, &mut collected.refused)?;
    let name = RunDir::artifact_folder(&from.task);
    let all = from.dir.artifacts();
    let (place, fresh) = (all.join(&name), all.join(format!("{}{name}", fs::UNFINISHED)));
    if wanted.is_empty() && fs::kind(&place).map_err(StoreError::Unreadable)?.is_none() {
        return Ok(collected);
    }
    fs::remove_dir_all(&fresh).map_err(StoreError::Unwritable)?;
    let kept = store(&roots, &wanted, &fresh, (caps, &mut collected.refused))?;
    collected.artifacts = kept
        .into_iter()
        .map(|(path, size, sha256)| Artifact { path: format!("{name}/{path}"), size, sha256 })
        .collect();
    swap(&fresh, &place, &collected.artifacts).map_err(StoreError::Unwritable)?;
    manifest::note(from, &collected.artifacts)?;
    fs::sync_dir(&all).map_err(StoreError::Unwritable)?;
    Ok(collected)
}

/// Copies what is wanted below `fresh`; gives path, size and hash of each.
fn store(
    roots: &Roots,
    wanted: &BTreeMap<String, Origin>,
    fresh: &Path,
    (caps, refused): (Caps, &mut Vec<Refused>),
) -> Result<Vec<(String, u64, Digest)>, StoreError> {
    let (mut kept, mut total) = (Vec::new(), 0);
    let mut folders = BTreeSet::from([fresh.to_path_buf()]);
    fs::create_dirs(fresh).map_err(StoreError::Unwritable)?;
    for (path, origin) in wanted {
        let mut refuse = |why| refused.push(Refused { what: path.clone(), why });
        if kept.len() >= caps.files {
            refuse("the task left more files than are kept");
            break;
        }
        let mut file = match source(roots, *origin, path, &kept) {
            Ok(file) => file,
            Err(why) => {
                refuse(why);
                continue;
            }
        };
        let to = fresh.join(path);
        if let Some(parent) = to.parent() {
            fs::create_dirs(parent).map_err(StoreError::Unwritable)?;
            folders.extend(parent.ancestors().take_while(|above| above.starts_with(fresh)).map(Path::to_path_buf));
        }
        match copy(&mut file, &to, caps.each.min(caps.total - total))? {
            Copied::Whole { size, sha256 } => {
                total += size;
                kept.push((path.clone(), size, sha256));
            }
            Copied::TooLarge => refuse("it is larger than what is kept"),
            Copied::Unreadable => refuse("it cannot be read"),
        }
    }
    for folder in &folders {
        fs::sync_dir(folder).map_err(StoreError::Unwritable)?;
    }
    Ok(kept)
}

/// Puts the fresh folder in the place of the old one, or nothing if it is empty.
fn swap(fresh: &Path, place: &Path, artifacts: &[Artifact]) -> Result<(), fs::FileError> {
    fs::remove_dir_all(place)?;
    if artifacts.is_empty() { fs::remove_dir_all(fresh) } else { fs::rename(fresh, place) }
}

/// Opens what is to be kept under `path`, or says why it will not be.
fn source(roots: &Roots, from: Origin, path: &str, kept: &[(String, u64, Digest)]) -> Result<File, &'static str> {
    /// Far below what the system takes, so that the run directory's own path has room before it.
    const LONGEST: usize = 1024;
    if path.len() > LONGEST {
        return Err("its path is too long");
    }
    // They come from two places, and `a` of the one may stand where `a/b` of the other needs a folder.
    let above = |(file, _, _): &(String, u64, Digest)| Path::new(path).starts_with(file);
    if kept.iter().any(above) {
        return Err("a file stands where it needs a folder");
    }
    match roots.find(from, Path::new(path)) {
        Ok(Found::File(file)) => Ok(file),
        Ok(Found::Other) => Err("it is a link or a special file"),
        Ok(Found::Nothing | Found::Folder(_)) => Err("it is not there"),
        Err(_) => Err("it cannot be read"),
    }
}

enum Copied {
    Whole { size: u64, sha256: Digest },
    TooLarge,
    Unreadable,
}

/// Copies at most `room` bytes to a new file. The hash is of the bytes that were written, whatever happens to the source
/// meanwhile. Only a failure to write is an error: that one is ours.
fn copy(from: &mut File, to: &Path, room: u64) -> Result<Copied, StoreError> {
    let mut file = fs::create_new(to).map_err(StoreError::Unwritable)?;
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    loop {
        let got = match from.read(&mut buffer) {
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return fs::remove_file(to).map(|()| Copied::Unreadable).map_err(StoreError::Unwritable),
        };
        if got == 0 {
            break;
        }
        size += got as u64;
        if size > room {
            return fs::remove_file(to).map(|()| Copied::TooLarge).map_err(StoreError::Unwritable);
        }
        hash.update(&buffer[..got]);
        file.write_all(&buffer[..got]).map_err(|error| StoreError::write("write", to, error))?;
    }
    file.sync_all().map_err(|error| StoreError::write("sync", to, error))?;
    Ok(Copied::Whole { size, sha256: Digest::finish(hash) })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct World {
        temp: tempfile::TempDir,
        caps: Caps,
    }

    fn world(caps: Caps) -> World {
        let temp = tempfile::tempdir().unwrap();
        for folder in ["run", "work/sub/.git", "work/dist", "folder"] {
            fs::create_dirs(&temp.path().join(folder)).unwrap();
        }
        for file in ["work/a.txt", "work/sub/b.xml", "work/sub/.git/config", "work/dist/x", "folder/a.txt", "secret"] {
            fs::write(&temp.path().join(file), file.as_bytes()).unwrap();
        }
        fs::symlink(Path::new("../secret"), &temp.path().join("work/link.txt")).unwrap();
        fs::symlink(temp.path(), &temp.path().join("work/up")).unwrap();
        World { temp, caps }
    }

    impl World {
        fn collect(&self, attempt: u32, globs: &[&str], named: &[&str]) -> Collected {
            self.collect_of("fix", attempt, globs, named)
        }

        fn collect_of(&self, task: &str, attempt: u32, globs: &[&str], named: &[&str]) -> Collected {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            let from = Collect {
                dir: RunDir::at(self.temp.path().join("run")),
                task: TaskId::new(task).unwrap(),
                attempt,
                folder: self.temp.path().join("folder"),
                workspace: self.temp.path().join("work"),
                globs: owned(globs),
                named: owned(named),
                at: Timestamp::from_millis(0),
            };
            collect_within(&from, self.caps).unwrap()
        }

        fn stored(&self, path: &str) -> String {
            fs::read_text(&self.temp.path().join("run/artifacts").join(path), 100).unwrap()
        }
    }

    fn paths(collected: &Collected) -> Vec<&str> {
        collected.artifacts.iter().map(|artifact| artifact.path.as_str()).collect()
    }

    #[test]
    fn files_from_all_three_sources_are_kept_and_hashed_as_stored() {
        let world = world(Caps::default());
        let absolute = world.temp.path().join("work/dist");
        let found = world.collect(1, &["**/*.xml", "./a.txt"], &[absolute.to_str().unwrap()]);
        assert_eq!(paths(&found), ["fix/a.txt", "fix/dist/x", "fix/sub/b.xml"]);
        assert_eq!(found.refused, []);
        // What was put into the folder goes first.
        assert_eq!(world.stored("fix/a.txt"), "folder/a.txt");
        for artifact in &found.artifacts {
            assert_eq!(artifact.sha256, Digest::of(world.stored(&artifact.path).as_bytes()));
        }
    }

    #[test]
    fn a_later_attempt_replaces_what_an_earlier_one_left() {
        let world = world(Caps::default());
        world.collect(1, &["dist", "sub/*"], &[]);
        fs::remove_file(&world.temp.path().join("folder/a.txt")).unwrap();
        assert_eq!(paths(&world.collect(2, &["dist"], &[])), ["fix/dist/x"]);
        assert_eq!(world.collect(3, &[], &[]), Collected::default());
        manifest::write_manifest(&RunDir::at(world.temp.path().join("run"))).unwrap();
        assert_eq!(fs::list(&world.temp.path().join("run/artifacts")).unwrap().len(), 1);
    }

    #[test]
    fn tasks_may_be_collected_at_the_same_time() {
        let world = world(Caps::default());
        std::thread::scope(|scope| {
            for task in ["a", "b", "c", "d", "manifest.json"] {
                let world = &world;
                scope.spawn(move || world.collect_of(task, 1, &[], &[]));
            }
        });
        for folder in ["a", "b", "c", "d", "manifest.json.task"] {
            assert_eq!(world.stored(&format!("{folder}/a.txt")), "folder/a.txt");
        }
    }

    #[test]
    fn no_link_is_followed_and_nothing_outside_is_kept() {
        let world = world(Caps::default());
        fs::remove_file(&world.temp.path().join("folder/a.txt")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            world.temp.path().join("work/pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        let named = ["../secret", "/etc/passwd", "up/secret", "up", "sub/.git/config", "", "gone", "pipe"];
        let found = world.collect(1, &["link.txt", "[", "../*"], &named);
        assert_eq!(paths(&found), [""; 0]);
        let why: BTreeMap<_, _> = found.refused.iter().map(|one| (one.what.as_str(), one.why)).collect();
        let link = "it is a link or a special file";
        let expected = [
            ("", "it is no file of the work"),
            ("../secret", "it is outside the workspace"),
            ("/etc/passwd", "it is outside the workspace"),
            ("[", "it is not a glob"),
            ("gone", "it is not there"),
            ("link.txt", link),
            ("pipe", link),
            ("sub/.git/config", "it is no file of the work"),
            ("up", link),
            ("up/secret", link),
        ];
        assert_eq!(why, BTreeMap::from(expected));
    }

    #[test]
    fn too_much_is_refused_and_said() {
        let world = world(Caps { files: 2, each: 6, total: 100 });
        let found = world.collect(1, &["**/*"], &[]);
        // Only the pieces that are small enough, none here but what is made now.
        assert_eq!(paths(&found), [""; 0]);
        assert!(found.refused.iter().any(|one| one.why == "it is larger than what is kept"));
        for name in ["1", "2", "3"] {
            fs::write(&world.temp.path().join("folder").join(name), b"x").unwrap();
        }
        let found = world.collect(2, &[], &[]);
        assert_eq!(paths(&found), ["fix/1", "fix/2"]);
        assert!(found.refused.iter().any(|one| one.why == "the task left more files than are kept"));
    }

    #[test]
    fn a_file_in_the_way_of_a_folder_is_refused_and_not_an_error() {
        let world = world(Caps::default());
        fs::write(&world.temp.path().join("folder/dist"), b"file").unwrap();
        let found = world.collect(1, &["dist/*"], &[]);
        assert_eq!(paths(&found), ["fix/a.txt", "fix/dist"]);
        assert_eq!(found.refused[0].why, "a file stands where it needs a folder");
    }
}
