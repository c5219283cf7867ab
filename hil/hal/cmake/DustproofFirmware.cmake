# dustproof_add_firmware(NAME source…): a firmware, the shared object NAME.so, from sources in C or C++.
#
# It exports dp_firmware and nothing else, so that no function of it is taken for another's; it finds dp_hal_query in the
# program that loads it. Frames larger than the guard of a task's stack are noticed, and backtraces name lines in every
# build type. Link what it needs with target_link_libraries(NAME PRIVATE …) as usual.
set(DUSTPROOF_FIRMWARE_EXPORTS ${CMAKE_CURRENT_LIST_DIR}/exports.map CACHE INTERNAL "What a firmware exports")

function(dustproof_add_firmware name)
  if(NOT ARGN)
    message(FATAL_ERROR "dustproof_add_firmware(${name}): name its sources")
  endif()
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE Dustproof::hal)
  set_target_properties(${name} PROPERTIES PREFIX "" POSITION_INDEPENDENT_CODE ON
                        LINK_DEPENDS ${DUSTPROOF_FIRMWARE_EXPORTS})
  target_compile_options(${name} PRIVATE -fstack-clash-protection $<$<NOT:$<CONFIG:Debug,RelWithDebInfo>>:-g1>)
  target_link_options(${name} PRIVATE -Wl,--version-script=${DUSTPROOF_FIRMWARE_EXPORTS})
endfunction()
