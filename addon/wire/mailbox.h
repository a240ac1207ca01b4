// The bounded mailbox between the poller's thread and JavaScript: a fixed pool of batches.
//
// The poller fills the open batch without a lock; it is handed on when it is full, or when the
// reader has emptied the queue, so that a slow reader gets few full batches instead of many small
// ones. When the pool is used up faults are dropped and counted by completion. The last batches are
// kept for records alone, because a missing munmap would make every later label wrong.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "wire/batch.h"
#include "wire/stack_copies.h"

namespace pagefault {

// One filled batch in its final layout; Copy moves the used rows into JavaScript's buffer.
class Batch {
 public:
  Batch();
  void Clear();
  bool empty() const { return faults_ == 0 && records_ == 0; }
  bool faults_full() const { return faults_ == kFaultCapacity; }
  bool Fits(const RecordRow& row) const {
    const size_t used = row.is_chain() ? AlignColumn(name_bytes_) : name_bytes_;
    return records_ < kRecordCapacity && used + row.name_length <= kNameBytes;
  }
  // The same, and a fault with it.
  bool FitsStack(const RecordRow& row) const { return faults_ < kFaultCapacity && Fits(row); }
  void Add(const FaultRow& row);
  void Add(const RecordRow& row);  // Fits() must hold
  void set_horizon(uint64_t ns) { horizon_ = ns; }
  void set_turns(bool turns) { turns_ = turns; }
  void CopyTo(uint8_t* out) const;
  // Gives its memory back to the system, until it is cleared for use again.
  void Rest();

 private:
  void AddChain(const RecordRow& row);
  void AddRow(const RecordRow& row);

  std::unique_ptr<uint8_t[]> bytes_;
  uint32_t faults_ = 0;
  uint32_t records_ = 0;
  uint32_t name_bytes_ = 0;
  // The addresses of the last stack: faults of one place come in series.
  uint32_t stack_offset_ = 0;
  uint32_t stack_length_ = 0;
  uint64_t horizon_ = 0;
  bool turns_ = false;
  bool resting_ = true;
};

struct MailboxDrops {
  uint64_t minor = 0, major = 0, unresolved = 0, records = 0;
  uint64_t stacks = 0;  // copies for which there was no slot
};

// Is told of all that is put in, also of what finds no room. On the poller's thread.
class RowTap {
 public:
  virtual ~RowTap() = default;
  // `stack`: its call chain, nullptr where it has none. `held`: there was room, and it is the next
  // fault of the batch.
  virtual void Take(const FaultRow& row, const RecordRow* stack, bool held) = 0;
  virtual void Take(const RecordRow& row) = 0;
  // What came so far is a batch: labels in the stream may depend on where one ends. True: whoever
  // takes the batch is to be told that the tap turns to another place behind it.
  virtual bool EndBatch(uint64_t horizon) = 0;
};

class Mailbox {
 public:
  explicit Mailbox(size_t batches);
  // nullptr for none. Before anything is put in.
  void set_tap(RowTap* tap) { tap_ = tap; }

  // Poller's side.
  void Add(const FaultRow& row);
  void Add(const RecordRow& row);
  // The stack is the record before its fault in one batch, or both are dropped.
  bool AddWithStack(const FaultRow& row, const RecordRow& stack);
  // The same of a copy, for which the record names a slot. Where none is free the fault comes
  // alone.
  void AddWithCopy(const FaultRow& row, RecordRow stack, const std::vector<uint64_t>& words);
  // A record of a stack that was copied: `count` becomes its slot. No recording has it.
  void AddCopy(RecordRow row, const std::vector<uint64_t>& words);
  // Ends a pass: hands the open batch on if the reader waits for it. Returns true when the reader
  // has something to take. `all` hands it on in any case (the final pass).
  bool Flush(uint64_t horizon, bool all);
  // At the last Flush there was only what had been handed on passes before: the reader gathers, or
  // is busy.
  bool untaken() const { return untaken_; }
  const MailboxDrops& drops() const { return drops_; }

  // Reader's side. False when nothing waits.
  bool Take(uint8_t* out, size_t bytes);
  StackCopies& copies() { return copies_; }
  // Something has been added that was not taken yet, handed on or not.
  bool holds() const { return held_.load(std::memory_order_acquire) != 0; }
  // Half of it is taken: whoever lets batches wait does so at the risk of faults.
  bool crowded() const { return held_.load(std::memory_order_acquire) * 2 >= pool_.size(); }
  // Of all batches the share that holds something, 0 to 1.
  double used() const {
    return static_cast<double>(held_.load(std::memory_order_acquire)) /
           static_cast<double>(pool_.size());
  }

 private:
  static constexpr size_t kReserved = 2;
  // What was not needed for so long is given back: after a burst tens of megabytes. ns
  static constexpr uint64_t kRestAfter = 1'000'000'000;
  bool AddRecord(const RecordRow& row);
  bool Open(bool for_record);  // makes open_ usable, false when the pool is used up
  void HandOn();
  void Drop(const FaultRow& row);
  void RestUnused();

  RowTap* tap_ = nullptr;
  std::vector<std::unique_ptr<Batch>> pool_;
  Batch* open_ = nullptr;
  bool records_only_ = false;
  bool untaken_ = false;
  bool handed_on_ = false;     // since the last Flush
  bool loss_pending_ = false;  // a LOST record is owed to the reader
  uint64_t horizon_ = 0;       // of the last finished pass
  MailboxDrops drops_;
  StackCopies copies_;
  uint64_t rest_at_ = kRestAfter;  // the horizon at which unused batches are looked for next
  std::vector<Batch*> unused_;     // by that look, kept for its memory

  std::atomic<size_t> held_{0};  // batches with something in them

  std::mutex mutex_;          // guards what is below
  std::vector<Batch*> free_;  // the last one is opened next
  size_t fewest_free_ = 0;    // since the last look for unused ones, which are those below
  std::deque<Batch*> full_;
};

}  // namespace pagefault
