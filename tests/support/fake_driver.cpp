#include "tests/support/fake_driver.hpp"

#include <atomic>
#include <stdexcept>

namespace {

using namespace devices::virtio;
using platform::GuestAddress;

constexpr auto next_flag = static_cast<std::uint16_t>(DescriptorFlags::Next);
constexpr auto write_flag = static_cast<std::uint16_t>(DescriptorFlags::Write);
constexpr auto indirect_flag = static_cast<std::uint16_t>(DescriptorFlags::Indirect);
constexpr auto available_flag = static_cast<std::uint16_t>(DescriptorFlags::Available);
constexpr auto used_flag = static_cast<std::uint16_t>(DescriptorFlags::Used);

/// A flag of a packed descriptor for this round.
std::uint16_t round_flags(bool wrap) {
  return wrap ? available_flag : used_flag;
}

}  // namespace

FakeDriver::FakeDriver(platform::GuestMemory& memory, Features features, std::uint16_t size,
                       GuestAddress start)
    : memory_{memory}, features_{features}, next_free_{start} {
  places_.size = size;
  places_.descriptors = allocate(split::descriptor_table_bytes(size));
  places_.driver_area = allocate(split::driver_area_bytes(size));
  places_.device_area = allocate(split::device_area_bytes(size));
  for (std::uint16_t i = size; i > 0; --i) free_.push_back(static_cast<std::uint16_t>(i - 1));
}

GuestAddress FakeDriver::allocate(std::uint64_t size_bytes) {
  const GuestAddress place = next_free_;
  next_free_ = {(place.value + size_bytes + 63) & ~std::uint64_t{63}};
  return place;
}

template <typename T>
T FakeDriver::load(GuestAddress from) const {
  const auto value = memory_.load<T>(from);
  if (!value) throw std::logic_error{"the fake driver looks beyond RAM"};
  return *value;
}

template <typename T>
void FakeDriver::store(GuestAddress to, const T& value) {
  if (!memory_.store(to, value)) throw std::logic_error{"the fake driver has no RAM left"};
}

FakeDriver::Chain& FakeDriver::Chain::readable(std::span<const std::byte> bytes) {
  const GuestAddress place = driver_.allocate(bytes.size());
  if (!driver_.memory_.write(place, bytes)) throw std::logic_error{"no RAM left"};
  return buffer({place, static_cast<std::uint32_t>(bytes.size()), 0});
}

FakeDriver::Chain& FakeDriver::Chain::readable(std::string_view text) {
  return readable(std::as_bytes(std::span{text}));
}

FakeDriver::Chain& FakeDriver::Chain::writable(std::uint32_t size_bytes) {
  return buffer({driver_.allocate(size_bytes), size_bytes, write_flag});
}

FakeDriver::Chain& FakeDriver::Chain::buffer(const Buffer& buffer) {
  buffers_.push_back(buffer);
  return *this;
}

FakeDriver::Chain& FakeDriver::Chain::indirect() {
  indirect_ = true;
  return *this;
}

std::uint16_t FakeDriver::Chain::available() {
  driver_.last_buffers_ = buffers_;
  if (!indirect_) return driver_.make_available(buffers_);
  return driver_.make_available({driver_.make_table(buffers_)});
}

FakeDriver::Buffer FakeDriver::make_table(const std::vector<Buffer>& buffers) {
  const std::uint32_t size_bytes = static_cast<std::uint32_t>(16 * buffers.size());
  const GuestAddress table = allocate(size_bytes);
  for (std::uint16_t i = 0; i < buffers.size(); ++i) {
    const Buffer& buffer = buffers[i];
    const GuestAddress place = table + 16u * i;
    if (packed()) {
      store(place, packed::Descriptor{buffer.address.value, buffer.size_bytes, 0, buffer.flags});
    } else {
      const bool last = i + 1u == buffers.size();
      store(place,
            split::Descriptor{buffer.address.value, buffer.size_bytes,
                              static_cast<std::uint16_t>(buffer.flags | (last ? 0 : next_flag)),
                              static_cast<std::uint16_t>(i + 1)});
    }
  }
  return {table, size_bytes, indirect_flag};
}

std::uint16_t FakeDriver::make_available(const std::vector<Buffer>& buffers) {
  const std::uint16_t id =
      packed() ? make_available_packed(buffers) : make_available_split(buffers);
  lent_[id].buffers = last_buffers_;
  return id;
}

std::uint16_t FakeDriver::make_available_split(const std::vector<Buffer>& buffers) {
  std::vector<std::uint16_t> taken;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    if (free_.empty()) throw std::logic_error{"no descriptor is free"};
    taken.push_back(free_.back());
    free_.pop_back();
  }
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const bool last = i + 1 == buffers.size();
    store(places_.descriptors + 16u * taken[i],
          split::Descriptor{buffers[i].address.value, buffers[i].size_bytes,
                            static_cast<std::uint16_t>(buffers[i].flags | (last ? 0 : next_flag)),
                            last ? std::uint16_t{0} : taken[i + 1]});
  }
  const std::uint16_t head = taken.front();
  lent_[head].descriptors = std::move(taken);
  store(places_.driver_area + split::ring_offset + 2u * (available_index_ % places_.size), head);
  std::atomic_thread_fence(std::memory_order_release);
  store(places_.driver_area + split::index_offset, ++available_index_);
  ++made_available_;
  return head;
}

std::uint16_t FakeDriver::make_available_packed(const std::vector<Buffer>& buffers) {
  std::size_t taken = buffers.size();
  for (const auto& [lent_id, lent] : lent_) taken += lent.descriptors.size();
  if (taken > places_.size) throw std::logic_error{"no descriptor is free"};
  std::uint16_t id = 0;
  while (lent_.contains(id)) ++id;
  std::optional<std::pair<GuestAddress, std::uint16_t>> head;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const bool last = i + 1 == buffers.size();
    const GuestAddress place = places_.descriptors + 16u * available_index_;
    const auto flags = static_cast<std::uint16_t>(buffers[i].flags | (last ? 0 : next_flag) |
                                                  round_flags(available_wrap_));
    // The first one's flags come last: they give the whole chain away.
    if (!head) head = {place, flags};
    const std::uint16_t before = i == 0 ? load<packed::Descriptor>(place).flags : flags;
    store(place, packed::Descriptor{buffers[i].address.value, buffers[i].size_bytes, id, before});
    if (++available_index_ == places_.size) {
      available_index_ = 0;
      available_wrap_ = !available_wrap_;
    }
    ++made_available_;
  }
  lent_[id].descriptors.resize(buffers.size());
  std::atomic_thread_fence(std::memory_order_release);
  store(head->first + offsetof(packed::Descriptor, flags), head->second);
  return id;
}

bool FakeDriver::notification_wanted() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const std::uint16_t before = notified_at_;
  const std::uint16_t after = made_available_;
  notified_at_ = after;
  if (packed()) {
    const auto wish = load<packed::EventSuppression>(places_.device_area);
    if (wish.flags != static_cast<std::uint16_t>(packed::EventFlags::AtPlace)) {
      return wish.flags == static_cast<std::uint16_t>(packed::EventFlags::Enable);
    }
    auto place = static_cast<std::uint16_t>(wish.place & 0x7FFF);
    if (((wish.place >> 15) != 0) != available_wrap_) {
      place = static_cast<std::uint16_t>(place - places_.size);
    }
    return passes(static_cast<std::uint16_t>(available_index_ - (after - before)), available_index_,
                  place);
  }
  if (features_.has(Feature::EventIndex)) {
    const auto event =
        load<std::uint16_t>(places_.device_area + split::ring_offset + 8u * places_.size);
    return passes(before, after, event);
  }
  return load<std::uint16_t>(places_.device_area) == 0;
}

std::optional<FakeDriver::Used> FakeDriver::take_used() {
  const auto used = packed() ? take_used_packed() : take_used_split();
  if (!used) return std::nullopt;
  const auto lent = lent_.find(used->id);
  if (lent == lent_.end()) throw std::logic_error{"a chain came back that was not lent"};
  if (!packed()) {
    for (const std::uint16_t descriptor : lent->second.descriptors) free_.push_back(descriptor);
  }
  returned_[used->id] = std::move(lent->second);
  lent_.erase(lent);
  return used;
}

std::optional<FakeDriver::Used> FakeDriver::take_used_split() {
  if (load<std::uint16_t>(places_.device_area + split::index_offset) == used_index_) {
    return std::nullopt;
  }
  const auto element = load<split::UsedElement>(places_.device_area + split::ring_offset +
                                                8u * (used_index_++ % places_.size));
  return Used{static_cast<std::uint16_t>(element.id), element.written_bytes};
}

std::optional<FakeDriver::Used> FakeDriver::take_used_packed() {
  const auto descriptor = load<packed::Descriptor>(places_.descriptors + 16u * used_index_);
  const bool available = (descriptor.flags & available_flag) != 0;
  const bool used = (descriptor.flags & used_flag) != 0;
  if (available != used || used != used_wrap_) return std::nullopt;
  const auto lent = lent_.find(descriptor.id);
  if (lent == lent_.end()) throw std::logic_error{"a chain came back that was not lent"};
  used_index_ = static_cast<std::uint16_t>(used_index_ + lent->second.descriptors.size());
  if (used_index_ >= places_.size) {
    used_index_ = static_cast<std::uint16_t>(used_index_ - places_.size);
    used_wrap_ = !used_wrap_;
  }
  return Used{descriptor.id, descriptor.size_bytes};
}

std::vector<std::byte> FakeDriver::written(std::uint16_t id) const {
  const auto lent = lent_.find(id);
  const Lent& chain = lent == lent_.end() ? returned_.at(id) : lent->second;
  std::vector<std::byte> bytes;
  for (const Buffer& buffer : chain.buffers) {
    if ((buffer.flags & write_flag) == 0) continue;
    std::vector<std::byte> part(buffer.size_bytes);
    if (!memory_.read(buffer.address, part)) throw std::logic_error{"a buffer beyond RAM"};
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  return bytes;
}

std::string FakeDriver::written_text(std::uint16_t id) const {
  const auto bytes = written(id);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void FakeDriver::want_no_interrupts() {
  if (packed()) {
    store(places_.driver_area,
          packed::EventSuppression{0, static_cast<std::uint16_t>(packed::EventFlags::Disable)});
  } else {
    store(places_.driver_area, split::not_wanted);
  }
}

void FakeDriver::want_interrupts() {
  if (packed()) {
    store(places_.driver_area,
          packed::EventSuppression{0, static_cast<std::uint16_t>(packed::EventFlags::Enable)});
  } else {
    store(places_.driver_area, std::uint16_t{0});
  }
}

void FakeDriver::want_interrupt_after(std::uint16_t chains) {
  if (packed()) {
    auto place = static_cast<std::uint16_t>(used_index_ + chains);
    bool wrap = used_wrap_;
    if (place >= places_.size) {
      place = static_cast<std::uint16_t>(place - places_.size);
      wrap = !wrap;
    }
    store(places_.driver_area,
          packed::EventSuppression{static_cast<std::uint16_t>(place | (wrap ? 0x8000 : 0)),
                                   static_cast<std::uint16_t>(packed::EventFlags::AtPlace)});
  } else {
    store(places_.driver_area + split::ring_offset + 2u * places_.size,
          static_cast<std::uint16_t>(used_index_ + chains));
  }
}

std::optional<Ring> FakeDriver::make_ring() const {
  if (packed()) return PackedRing::make(memory_, places_, features_);
  return SplitRing::make(memory_, places_, features_);
}
