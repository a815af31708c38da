# python-snapshot, which runs the interpreter before there is a runtime file. cargo knows itself what of it is up to
# date.
# crates: python-wasm/snapshot
# screen: yes
# kept: no

cd "$HERE/.."
python3 python-wasm/build/crates.py restore
cargo build --release --locked --workspace --bin python-snapshot
