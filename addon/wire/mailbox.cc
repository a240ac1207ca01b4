#include "wire/mailbox.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace pagefault {

#define PAGEFAULT_PUT(type, name, value) \
  PutColumn<ColumnType::type>(bytes, kBatchColumns.column[k_##name].offset, i, value);

Batch::Batch() : bytes_(new uint8_t[kBatchBytes]) {}

void Batch::Clear() {
  faults_ = 0;
  records_ = 0;
  name_bytes_ = 0;
  stack_length_ = 0;
  turns_ = false;
  resting_ = false;
}

void Batch::Rest() {
  if (resting_) return;
  resting_ = true;
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto start = reinterpret_cast<uintptr_t>(bytes_.get());
  const uintptr_t from = (start + page - 1) / page * page;
  const uintptr_t to = (start + kBatchBytes) / page * page;
  // Where it fails (locked memory, EINVAL) they stay as they are.
  madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
}

void Batch::Add(const FaultRow& row) {
  uint8_t* const bytes = bytes_.get();
  const uint32_t i = faults_++;
  PAGEFAULT_FAULT_COLUMNS(PAGEFAULT_PUT)
}

void Batch::Add(const RecordRow& row) {
  row.is_chain() ? AddChain(row) : AddRow(row);
}

void Batch::AddRow(const RecordRow& row) {
  uint8_t* const bytes = bytes_.get();
  const uint32_t i = records_++;
  const uint32_t at = faults_;
  const uint32_t name_offset = name_bytes_;
  PAGEFAULT_RECORD_COLUMNS(PAGEFAULT_PUT)
  if (row.name_length > 0) {
    memcpy(bytes + kBatchColumns.column[k_names].offset + name_offset, row.name, row.name_length);
    name_bytes_ += static_cast<uint32_t>(row.name_length);
  }
}

#undef PAGEFAULT_PUT

void Batch::AddChain(const RecordRow& row) {
  const uint8_t* names = bytes_.get() + kBatchColumns.column[k_names].offset;
  RecordRow rest = row;
  const bool again = stack_length_ > 0 && stack_length_ == row.name_length &&
                     memcmp(names + stack_offset_, row.name, row.name_length) == 0;
  if (again) {
    rest.name_length = 0;
  } else {
    name_bytes_ = static_cast<uint32_t>(AlignColumn(name_bytes_));
    stack_offset_ = name_bytes_;
    stack_length_ = static_cast<uint32_t>(row.name_length);
  }
  const uint32_t i = records_;
  AddRow(rest);
  uint8_t* const bytes = bytes_.get();
  PutColumn<ColumnType::u32>(bytes, kBatchColumns.column[k_recNameOffset].offset, i, stack_offset_);
  PutColumn<ColumnType::u32>(bytes, kBatchColumns.column[k_recNameLength].offset, i, stack_length_);
}

void Batch::CopyTo(uint8_t* out) const {
  const uint8_t* in = bytes_.get();
  const uint32_t header[4] = {faults_, records_, name_bytes_, turns_ ? 1u : 0u};
  memset(out, 0, kBatchHeader);
  memcpy(out, header, sizeof header);
  const double horizon = static_cast<double>(horizon_);
  memcpy(out + 16, &horizon, sizeof horizon);
  // Only the rows in use are copied: an idle target's batch of three faults costs nothing.
  size_t c = 0;
  for (const Column& column : kBatchColumns) {
    const size_t rows = RowsInUse(header, c++);
    memcpy(out + column.offset, in + column.offset, WidthOf(column.type) * rows);
  }
}

Mailbox::Mailbox(size_t batches) {
  for (size_t i = 0; i < batches + kReserved; i++) {
    pool_.push_back(std::make_unique<Batch>());
    free_.push_back(pool_.back().get());
  }
}

bool Mailbox::Open(bool for_record) {
  if (open_ != nullptr && (for_record || !records_only_)) return true;
  std::lock_guard<std::mutex> lock(mutex_);
  if (open_ != nullptr) {
    // With as many free as are kept for records this one need not be of them any more. Waiting
    // until the reader has taken it would drop faults while the pool is almost empty.
    records_only_ = free_.size() < kReserved;
    return !records_only_;
  }
  const size_t reserve = for_record ? 0 : kReserved;
  if (free_.size() <= reserve) return false;
  records_only_ = free_.size() <= kReserved;
  open_ = free_.back();
  free_.pop_back();
  fewest_free_ = std::min(fewest_free_, free_.size());
  open_->Clear();
  held_.fetch_add(1, std::memory_order_release);  // opened for something that is added next
  return true;
}

void Mailbox::HandOn() {
  open_->set_horizon(horizon_);
  if (tap_ != nullptr) open_->set_turns(tap_->EndBatch(horizon_));
  handed_on_ = true;
  std::lock_guard<std::mutex> lock(mutex_);
  full_.push_back(open_);
  open_ = nullptr;
}

void Mailbox::Add(const FaultRow& row) {
  if (open_ != nullptr && open_->faults_full()) HandOn();
  const bool held = Open(false);
  if (tap_ != nullptr) tap_->Take(row, nullptr, held);
  if (held) {
    open_->Add(row);
  } else {
    Drop(row);
  }
}

bool Mailbox::AddWithStack(const FaultRow& row, const RecordRow& stack) {
  if (open_ != nullptr && !open_->FitsStack(stack)) HandOn();
  const bool held = Open(false);
  if (tap_ != nullptr) tap_->Take(row, stack.is_chain() ? &stack : nullptr, held);
  if (!held) {
    Drop(row);
    return false;
  }
  open_->Add(stack);
  open_->Add(row);
  return true;
}

void Mailbox::AddWithCopy(const FaultRow& row, RecordRow stack,
                          const std::vector<uint64_t>& words) {
  if (!copies_.Put(words, &stack.flags)) {
    drops_.stacks++;
    Add(row);
    return;
  }
  if (!AddWithStack(row, stack)) copies_.Free(stack.flags);
}

void Mailbox::Drop(const FaultRow& row) {
  const uint8_t completion = row.flags & kFlagCompletion;
  (completion == kFlagMaj   ? drops_.major
   : completion == kFlagMin ? drops_.minor
                            : drops_.unresolved)++;
}

void Mailbox::Add(const RecordRow& row) {
  if (open_ != nullptr && !open_->Fits(row)) HandOn();
  if (tap_ != nullptr) tap_->Take(row);
  AddRecord(row);
}

void Mailbox::AddCopy(RecordRow row, const std::vector<uint64_t>& words) {
  uint32_t slot;
  if (!copies_.Put(words, &slot)) {
    drops_.stacks++;
    return;
  }
  row.count = slot;
  if (open_ != nullptr && !open_->Fits(row)) HandOn();
  if (!AddRecord(row)) copies_.Free(slot);
}

bool Mailbox::AddRecord(const RecordRow& row) {
  if (!Open(true)) {
    drops_.records++;
    loss_pending_ = true;
    return false;
  }
  if (loss_pending_) {
    loss_pending_ = false;
    RecordRow lost{RecordType::kLost};
    lost.time = row.time;
    lost.count = drops_.records;
    lost.flags = 1;
    open_->Add(lost);
    if (!open_->Fits(row)) {
      HandOn();
      return AddRecord(row);
    }
  }
  open_->Add(row);
  return true;
}

bool Mailbox::Flush(uint64_t horizon, bool all) {
  horizon_ = horizon;
  bool waiting;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    waiting = !full_.empty();
  }
  untaken_ = waiting && !handed_on_;
  if (open_ != nullptr && !open_->empty() && (all || !waiting)) {
    HandOn();
    waiting = true;
  }
  handed_on_ = false;
  if (horizon >= rest_at_) RestUnused();
  return waiting;
}

void Mailbox::RestUnused() {
  rest_at_ = horizon_ + kRestAfter;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto first = free_.begin();
    unused_.assign(first, first + static_cast<std::ptrdiff_t>(fewest_free_));
    fewest_free_ = free_.size();
  }
  // Without the lock: only this thread takes from the free ones.
  for (Batch* const batch : unused_) batch->Rest();
}

bool Mailbox::Take(uint8_t* out, size_t bytes) {
  if (bytes < kBatchBytes) return false;
  Batch* batch;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (full_.empty()) return false;
    batch = full_.front();
    full_.pop_front();
  }
  batch->CopyTo(out);
  held_.fetch_sub(1, std::memory_order_release);
  std::lock_guard<std::mutex> lock(mutex_);
  free_.push_back(batch);
  return true;
}

}  // namespace pagefault
