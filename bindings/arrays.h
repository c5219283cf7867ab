#pragma once

#include <pybind11/numpy.h>

#include <initializer_list>
#include <utility>
#include <vector>

/// NumPy arrays over our memory, without a copy.
namespace dustproof {

/// A read-only view of `values`, which are part of the object behind `owner`: the view keeps that
/// object alive.
template <typename T>
pybind11::array_t<T> ViewOf(const std::vector<T>& values, std::vector<pybind11::ssize_t> shape,
                            pybind11::handle owner) {
  pybind11::array_t<T> view(std::move(shape), values.data(), owner);
  view.attr("setflags")(pybind11::arg("write") = false);
  return view;
}

/// An array that owns `values`.
template <typename T>
pybind11::array_t<T> Owning(std::vector<T> values, std::vector<pybind11::ssize_t> shape) {
  auto* kept = new std::vector<T>(std::move(values));
  const pybind11::capsule owner(kept, [](void* p) { delete static_cast<std::vector<T>*>(p); });
  return pybind11::array_t<T>(std::move(shape), kept->data(), owner);
}

}  // namespace dustproof
