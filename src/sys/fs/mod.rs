//! The file system. Every error carries the path and what was tried; files are 0600 and folders 0700; what must appear
//! whole appears by rename, after its bytes are on the disk.

mod beneath;
mod disk;
mod entries;
mod error;
mod folders;
mod read;
mod tree;
mod write;

pub use beneath::{Beneath, Wrote};
pub use disk::{Disk, DiskKind, disk, fullness, may_write};
pub use entries::{
    Entry, Kind, canonical, is_private_folder, is_special, is_untouched, kind, list, may_write_in, modified, resolved,
    size, target_kind,
};
pub use error::{Cause, FileError};
pub use folders::{
    create_dir, create_dirs, create_dirs_shared, remove_dir_all, remove_empty_dir, remove_file, rename, sync_dir,
    temp_dir_in,
};
pub use read::{open, open_regular, read, read_head, read_text};
pub use tree::{leads_to, link_target, remove_tree, room, unlock};
pub use write::{
    Existing, UNFINISHED, append, copy, create, create_new, new_link, rename_synced, symlink, temp_file_in, write,
    write_synced, write_whole, write_whole_by, write_whole_shared,
};
