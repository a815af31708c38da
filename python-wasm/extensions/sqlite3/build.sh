# The standard library's _sqlite3, over SQLite.
# after: c_library.sqlite3
cp -r "$PYTHON_TREE/Modules/_sqlite" source
for file in source/*.c; do
    $CC $CFLAGS -Wcast-function-type-mismatch -I"$PYTHON_TREE" -I"$PYTHON_TREE/Include" -I"$OUT/libraries/sqlite3/include" \
        '-DMODULE_NAME="sqlite3"' -DSQLITE_OMIT_LOAD_EXTENSION -c "$file" -o "$(basename "$file" .c).o"
done
$AR rcs libpysqlite.a ./*.o
