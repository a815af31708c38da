# Which ways through the interpreter are common: the same source for this machine, instrumented, and what it was seen to
# do. Counts belong to functions of the source, so that they hold for another target. `make profile` writes them to
# python-wasm/profile.
# after: source
# reads: profile/training.txt profile/training_stubs.c runtime/codehook_threads.h
# kept: no

cp -a "$OUT/source" profile
cd profile
same_modules setup.py
# What is counted for a function counts only for one that has the same branches: the eval loop and its kin as the guest
# has them.
sed -i 's/^#ifdef __wasi__$/#if 1/; s/^#ifndef __wasi__$/#if 0/; s/^#elif defined(__wasi__)$/#elif 1/' \
    Python/ceval.c Objects/{dict,gen,iter,frame}object.c Include/{dict,frame}object.h
cat "$HERE/profile/training_stubs.c" >> Python/ceval.c
CC=clang-19 CFLAGS="-O2 -fprofile-instr-generate $values -I$HERE/runtime" LDFLAGS=-fprofile-instr-generate \
    ./configure --prefix=/usr --enable-unicode=ucs4 --without-ensurepip
export LLVM_PROFILE_FILE=$PWD/build.profraw
make
mkdir counts
export LLVM_PROFILE_FILE=$PWD/counts/%p.profraw
# Each in a process of its own: one that starts threads crashes, since such an eval loop has no lock, and leaves no
# counts.
for name in $(grep -v '^#' "$HERE/profile/training.txt"); do
    ./python -m test.regrtest -q "$name" < /dev/null || echo "$name failed here; what it ran counts all the same"
done
./python Tools/pybench/pybench.py -n 1 -w 1
llvm-profdata-19 merge -text -o python.profile counts/*.profraw
mkdir -p "$HERE/profile"
xz -9e -c python.profile > "$HERE/profile/.python.profile.xz"
mv "$HERE/profile/.python.profile.xz" "$HERE/profile/python.profile.xz"
