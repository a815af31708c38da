//! What needs another process: it can be imported, and says at once what to do when it is used.

use codehook_tests::{run, stderr, stdout};

/// Each is refused with OSError (ENOSYS) and a text with this in it.
const WHAT_TO_DO: &str = "a hook is one process";
const WITH_THREADS: [&str; 2] = [
    "multiprocessing.dummy",
    "concurrent.futures.ThreadPoolExecutor",
];

#[test]
fn starting_a_process_is_refused_with_what_to_do() {
    let calls = [
        "os.system('id')",
        "os.popen('id')",
        "os.popen2('id')",
        "os.popen3('id')",
        "os.popen4('id')",
        "os.fork()",
        "os.forkpty()",
        "os.execv('/bin/sh', ['sh'])",
        "os.execlp('sh', 'sh')",
        "os.execvpe('/bin/sh', ['sh'], {})",
        "os.spawnv(os.P_WAIT, '/bin/sh', ['sh'])",
        "os.spawnlp(os.P_NOWAIT, 'sh', 'sh')",
        "os.wait()",
        "os.waitpid(-1, os.WNOHANG)",
        "os.killpg(1, 9)",
        "subprocess.call(['id'])",
        "subprocess.check_call('id', shell=True)",
        "subprocess.check_output('id')",
        "subprocess.Popen(['id'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)",
        "commands.getoutput('id')",
        "commands.getstatusoutput('id')",
        "popen2.popen2('id')",
        "popen2.Popen3('id')",
        "multiprocessing.Process(target=int).start()",
        "multiprocessing.Pool(2)",
        "multiprocessing.Queue()",
        "multiprocessing.Lock()",
        "multiprocessing.Semaphore()",
        "multiprocessing.Event()",
        "multiprocessing.Pipe(False)",
        "multiprocessing.Manager()",
    ];
    for call in calls {
        let report = run(&format!(
            "import commands, errno, multiprocessing, os, popen2, subprocess\n\
             try: {call}\nexcept OSError as e: print errno.errorcode[e.errno], e.strerror"
        ));
        let said = stdout(&report);
        assert!(
            said.starts_with("ENOSYS ") && said.contains(WHAT_TO_DO),
            "{call}: {said}{}",
            stderr(&report)
        );
        for name in WITH_THREADS {
            assert!(said.contains(name), "{call}: {said}");
        }
    }
}

#[test]
fn an_exit_function_of_a_hook_that_tried_is_quiet() {
    // multiprocessing and concurrent.futures clean up at exit: after a refusal there is nothing to wait for.
    let report = run(
        "import multiprocessing\ntry: multiprocessing.Pool(2)\nexcept OSError: print 'refused'\n",
    );
    assert_eq!(stdout(&report), "refused\n");
    assert_eq!(stderr(&report), "");
}
