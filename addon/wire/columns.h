// Columns of one buffer, laid out one behind the other: what lists of them are made of. A list
// names each column once, X(type, name, value): its type in the buffer, its name in src/core/wire,
// and what of `row` it holds.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pagefault {

enum class ColumnType : uint8_t { f64, u32, u16, u8 };

constexpr size_t WidthOf(ColumnType type) {
  return type == ColumnType::f64   ? 8
         : type == ColumnType::u32 ? 4
         : type == ColumnType::u16 ? 2
                                   : 1;
}

// "f64", as src/core/wire/columns.ts has it.
constexpr const char* NameOf(ColumnType type) {
  return type == ColumnType::f64   ? "f64"
         : type == ColumnType::u32 ? "u32"
         : type == ColumnType::u16 ? "u16"
                                   : "u8";
}

template <ColumnType type>
struct ColumnValue;
template <>
struct ColumnValue<ColumnType::f64> {
  using Type = double;
};
template <>
struct ColumnValue<ColumnType::u32> {
  using Type = uint32_t;
};
template <>
struct ColumnValue<ColumnType::u16> {
  using Type = uint16_t;
};
template <>
struct ColumnValue<ColumnType::u8> {
  using Type = uint8_t;
};

// Every column begins on 8 bytes, so that any typed array can view it.
constexpr size_t AlignColumn(size_t bytes) {
  return (bytes + 7) & ~size_t{7};
}

struct Column {
  const char* name;
  ColumnType type;
  size_t rows;
  size_t offset;  // bytes from the buffer's start

  constexpr size_t end() const { return AlignColumn(offset + WidthOf(type) * rows); }
};

// The columns of a list, each behind the one before, the first behind a header.
template <size_t N>
struct ColumnTable {
  Column column[N];
  constexpr size_t bytes() const { return column[N - 1].end(); }
  const Column* begin() const { return column; }
  const Column* end() const { return column + N; }
};

template <size_t N>
constexpr ColumnTable<N> LayOut(const Column (&list)[N], size_t header) {
  ColumnTable<N> table = {};
  size_t at = header;
  for (size_t i = 0; i < N; i++) {
    table.column[i] = list[i];
    table.column[i].offset = at;
    at = table.column[i].end();
  }
  return table;
}

// Writes one value of a column.
template <ColumnType type, typename T>
void PutColumn(uint8_t* bytes, size_t offset, size_t row, T value) {
  using Value = typename ColumnValue<type>::Type;
  reinterpret_cast<Value*>(bytes + offset)[row] = static_cast<Value>(value);
}

}  // namespace pagefault
