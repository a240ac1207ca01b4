#include "wire/mailbox.h"

#include <cstring>

namespace pagefault {

using L = BatchLayout;

Batch::Batch() : bytes_(new uint8_t[L::kBytes]) {}

void Batch::Clear() {
  faults_ = 0;
  records_ = 0;
  name_bytes_ = 0;
  stack_length_ = 0;
}

void Batch::Add(const FaultRow& row) {
  const uint32_t i = faults_++;
  At<double>(L::kTime)[i] = static_cast<double>(row.time);
  At<double>(L::kLatency)[i] = static_cast<double>(row.latency);
  uint32_t* words = At<uint32_t>(L::kFaultWords) + i;
  words[0 * L::F] = static_cast<uint32_t>(row.address);
  words[1 * L::F] = static_cast<uint32_t>(row.address >> 32);
  words[2 * L::F] = static_cast<uint32_t>(row.ip);
  words[3 * L::F] = static_cast<uint32_t>(row.ip >> 32);
  words[4 * L::F] = row.pid;
  words[5 * L::F] = row.tid;
  At<uint16_t>(L::kErrorCode)[i] = row.error_code;
  At<uint8_t>(L::kHow)[i] = row.how;
  At<uint8_t>(L::kSignal)[i] = row.signal;
}

void Batch::Add(const RecordRow& row) {
  const uint32_t i = records_++;
  double* doubles = At<double>(L::kRecDoubles) + i;
  doubles[0 * L::R] = static_cast<double>(row.time);
  doubles[1 * L::R] = row.a;
  doubles[2 * L::R] = row.b;
  doubles[3 * L::R] = row.c;
  doubles[4 * L::R] = row.d;
  doubles[5 * L::R] = row.e;
  uint32_t* words = At<uint32_t>(L::kRecWords) + i;
  words[0 * L::R] = faults_;
  words[1 * L::R] = row.pid;
  words[2 * L::R] = row.tid;
  words[3 * L::R] = row.prot;
  words[4 * L::R] = row.flags;
  words[5 * L::R] = row.dev_major;
  words[6 * L::R] = row.dev_minor;
  words[7 * L::R] = static_cast<uint32_t>(row.ino);
  words[8 * L::R] = static_cast<uint32_t>(row.ino >> 32);
  words[9 * L::R] = name_bytes_;
  words[10 * L::R] = static_cast<uint32_t>(row.name_length);
  At<uint8_t>(L::kRecType)[i] = static_cast<uint8_t>(row.type);
  if (row.name_length > 0) {
    memcpy(bytes_.get() + L::kNames + name_bytes_, row.name, row.name_length);
    name_bytes_ += static_cast<uint32_t>(row.name_length);
  }
}

void Batch::AddStack(const RecordRow& row) {
  const uint8_t* names = bytes_.get() + L::kNames;
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
  Add(rest);
  uint32_t* words = At<uint32_t>(L::kRecWords) + i;
  words[9 * L::R] = stack_offset_;
  words[10 * L::R] = stack_length_;
}

void Batch::CopyTo(uint8_t* out) const {
  const uint8_t* in = bytes_.get();
  const uint32_t header[4] = {faults_, records_, name_bytes_, 0};
  memcpy(out, header, sizeof header);
  const double horizon = static_cast<double>(horizon_);
  memcpy(out + 16, &horizon, sizeof horizon);
  // Only the rows in use are copied: an idle target's batch of three faults costs nothing.
  auto columns = [&](size_t offset, size_t count, size_t width, size_t capacity, size_t rows) {
    for (size_t c = 0; c < count; c++) {
      const size_t at = offset + c * width * capacity;
      memcpy(out + at, in + at, width * rows);
    }
  };
  columns(L::kTime, 2, 8, L::F, faults_);
  columns(L::kFaultWords, 6, 4, L::F, faults_);
  columns(L::kErrorCode, 1, 2, L::F, faults_);
  columns(L::kHow, 1, 1, L::F, faults_);
  columns(L::kSignal, 1, 1, L::F, faults_);
  columns(L::kRecDoubles, 6, 8, L::R, records_);
  columns(L::kRecWords, 11, 4, L::R, records_);
  columns(L::kRecType, 1, 1, L::R, records_);
  columns(L::kNames, 1, 1, 0, name_bytes_);
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
  open_->Clear();
  held_.fetch_add(1, std::memory_order_release);  // opened for something that is added next
  return true;
}

void Mailbox::HandOn() {
  open_->set_horizon(horizon_);
  std::lock_guard<std::mutex> lock(mutex_);
  full_.push_back(open_);
  open_ = nullptr;
}

void Mailbox::Add(const FaultRow& row) {
  if (open_ != nullptr && open_->faults_full()) HandOn();
  if (Open(false)) {
    open_->Add(row);
  } else {
    Drop(row);
  }
}

void Mailbox::AddWithStack(const FaultRow& row, const RecordRow& stack) {
  if (open_ != nullptr && !open_->FitsStack(stack)) HandOn();
  if (!Open(false)) {
    Drop(row);
    return;
  }
  open_->AddStack(stack);
  open_->Add(row);
}

void Mailbox::Drop(const FaultRow& row) {
  const uint8_t completion = row.how & 3;
  (completion == kHowMaj   ? drops_.major
   : completion == kHowMin ? drops_.minor
                           : drops_.unresolved)++;
}

void Mailbox::Add(const RecordRow& row) {
  if (open_ != nullptr && !open_->Fits(row)) HandOn();
  if (!Open(true)) {
    drops_.records++;
    loss_pending_ = true;
    return;
  }
  if (loss_pending_) {
    loss_pending_ = false;
    RecordRow lost{RecordType::kLost};
    lost.time = row.time;
    lost.a = static_cast<double>(drops_.records);
    lost.flags = 1;
    open_->Add(lost);
    if (!open_->Fits(row)) {
      HandOn();
      Add(row);
      return;
    }
  }
  open_->Add(row);
}

bool Mailbox::Flush(uint64_t horizon, bool all) {
  horizon_ = horizon;
  bool waiting;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    waiting = !full_.empty();
  }
  if (open_ != nullptr && !open_->empty() && (all || !waiting)) {
    HandOn();
    return true;
  }
  return waiting;
}

bool Mailbox::Take(uint8_t* out, size_t bytes) {
  if (bytes < L::kBytes) return false;
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
