//! The registers of a thread that stands at a system call, on x86-64.

use nix::libc::user_regs_struct;
use nix::sys::ptrace;
use nix::unistd::Pid;

/// As the thread stopped with them; changes count when they are [put back](Self::put).
#[derive(Clone, Copy)]
pub struct Regs(user_regs_struct);

impl Regs {
    pub fn of(thread: Pid) -> nix::Result<Self> {
        ptrace::getregs(thread).map(Self)
    }

    pub fn put(self, thread: Pid) -> nix::Result<()> {
        ptrace::setregs(thread, self.0)
    }

    /// Which system call it is.
    pub fn number(&self) -> i64 {
        self.0.orig_rax.cast_signed()
    }

    pub fn set_number(&mut self, number: i64) {
        self.0.orig_rax = number.cast_unsigned();
    }

    /// Makes it none, so that nothing happens.
    pub fn cancel(&mut self) {
        self.set_number(-1);
    }

    /// What it came to, once it is over: negative for an error.
    pub fn set_result(&mut self, result: i64) {
        self.0.rax = result.cast_unsigned();
    }

    pub fn arg(&self, index: usize) -> u64 {
        let Self(regs) = self;
        [regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9][index]
    }

    pub fn set_arg(&mut self, index: usize, value: u64) {
        let Self(regs) = self;
        let slots = [&mut regs.rdi, &mut regs.rsi, &mut regs.rdx, &mut regs.r10, &mut regs.r8, &mut regs.r9];
        for (at, slot) in slots.into_iter().enumerate() {
            if at == index {
                *slot = value;
            }
        }
    }

    /// The arguments as they were: who makes a system call may rely on the registers that hold them.
    pub fn restore_args(&mut self, from: &Self) {
        (0..6).for_each(|index| self.set_arg(index, from.arg(index)));
    }
}
