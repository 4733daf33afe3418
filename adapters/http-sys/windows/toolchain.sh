# A Rust that compiles for Windows, and a Wine that runs what it made, from Debian packages alone. To be sourced behind
# tests/external/lib.sh.
#
#   windows_rust      makes the compiler and the standard library, and points cargo at them
#   windows_runner    makes the Wine that runs tests and programs, and points cargo at it
#
# Why Debian's compiler: `rustc-web` and `rust-web-src` are built from one source and are always there together, and a
# standard library has to be of its compiler. What rustup has would come from one more host, and the sources that Debian has for
# a rustup compiler leave the archive when the next are packaged. It is a version or so ahead of the one in `rust-version`; what
# differs is the compiler, and not the language. Everything is kept under target/external, by version.
GNU=x86_64-pc-windows-gnu
MSVC=x86_64-pc-windows-msvc
WINDOWS=$KEPT/windows
# What it makes does not mix with what another compiler made, which looks at neither.
export CARGO_TARGET_DIR=${WINDOWS_TARGET_DIR:-$WINDOWS/target}

windows_rust() {
    local version library llvm package
    [ -n "$(candidate rustc-web)" ] || apt_get update
    version=$(candidate rustc-web)
    [ -n "$version" ] ||
        { echo 'error: this system has no package rustc-web; Debian 12 has it, in its security updates' >&2; return 1; }
    RUST=$WINDOWS/rust-${version//[^A-Za-z0-9.]/_}
    if [ ! -e "$RUST/.complete" ]; then
        rm -rf "$RUST"
        mkdir -p "$RUST/debs"
        # Which library and which LLVM go with it, the packages say themselves.
        library=$(needed_by libstd-rust-web-dev | grep '^libstd-rust-web-')
        llvm=$(needed_by "$library" | grep '^libllvm')
        # Unpacked, and not installed: they would take the place of the Rust that is there.
        (cd "$RUST/debs" && flock "$KEPT/.apt" apt-get -qq download rustc-web rust-web-src rust-web-clippy libstd-rust-web-dev "$library" "$llvm") \
            >"$SCRATCH/rust.log" 2>&1
        for package in "$RUST"/debs/*.deb; do
            dpkg -x "$package" "$RUST"
        done
        rm -rf "$RUST/debs" "$RUST/usr/share"
        # shellcheck disable=SC2046
        apt_get install -y --no-install-recommends $(needed_by "$llvm") >"$SCRATCH/apt.log" 2>&1
    fi
    export LD_LIBRARY_PATH=$RUST/usr/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export RUSTC=$RUST/usr/bin/rustc RUSTDOC=$RUST/usr/bin/rustdoc
    # The `cargo clippy` that finds the driver beside itself.
    CLIPPY=$RUST/usr/bin/cargo-clippy
    installed x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64-win32
    # The cryptography of the kit's clients is C and assembly; of the latter it brings what NASM made.
    export AWS_LC_SYS_PREBUILT_NASM=1
    [ -e "$RUST/.complete" ] || windows_std
    touch "$RUST/.complete"
}

candidate() {
    apt-cache policy "$1" | sed -n 's/^ *Candidate: //p' | grep -v '^(none)$' || true
}

needed_by() {
    apt-cache depends --important "$1" | sed -n 's/^ *Depends: \([^<].*\)/\1/p'
}

windows_std() {
    # Built as a dependency of nothing, and put where the compiler looks for that of its own system. Of the second target
    # there are the types alone: nothing is linked for it.
    local target verb nothing=$SCRATCH/nothing
    mkdir -p "$nothing/src"
    printf '[package]\nname = "nothing"\nversion = "0.0.0"\nedition = "2024"\n[profile.dev]\nopt-level = 1\ndebug = 0\n[workspace]\n' \
        >"$nothing/Cargo.toml"
    : >"$nothing/src/lib.rs"
    for target in $GNU $MSVC; do
        verb=check
        [ $target = $MSVC ] || verb=build
        (cd "$nothing" && RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$nothing/target \
            cargo "$verb" -q -Z build-std=std,panic_unwind,test --target "$target" "-j${JOBS:-$(nproc)}") >"$SCRATCH/std.log" 2>&1
        mkdir -p "$RUST/usr/lib/rustlib/$target/lib"
        find "$nothing/target/$target/debug/deps" \( -name '*.rlib' -o -name '*.rmeta' \) ! -name 'libnothing*' \
            -exec cp {} "$RUST/usr/lib/rustlib/$target/lib/" \;
        if [ "$verb" = build ]; then
            # A library has its own types in it.
            rm -f "$RUST/usr/lib/rustlib/$target/lib/"*.rmeta
        fi
    done
}

windows_runner() {
    local wine
    # Debian has it beside the path, for a program that chooses between it and the one of 32 bits.
    export PATH=$PATH:/usr/lib/wine
    installed wine64 wine64
    installed unshare util-linux
    installed ip iproute2
    wine=$(command -v wine64)
    PREFIX=$WINDOWS/wine-$("$wine" --version | tr -c 'A-Za-z0-9.\n' _)
    if [ ! -e "$PREFIX/.complete" ]; then
        rm -rf "$PREFIX"
        WINEPREFIX=$PREFIX WINEDEBUG=-all timeout 180 "$wine" wineboot -i >"$SCRATCH/wine.log" 2>&1
        WINEPREFIX=$PREFIX wineserver -w
        # Each program of Rust asks it for random numbers, and Wine has it from version 9 on.
        if [ ! -e "$PREFIX/drive_c/windows/system32/bcryptprimitives.dll" ]; then
            x86_64-w64-mingw32-gcc -shared -O2 -o "$PREFIX/drive_c/windows/system32/bcryptprimitives.dll" \
                "$ADAPTER/windows/bcryptprimitives.c" -ladvapi32
        fi
        touch "$PREFIX/.complete"
    fi
    export WINEPREFIX=$PREFIX WINEDEBUG=${WINEDEBUG:--all}
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$ADAPTER/windows/runner
}
