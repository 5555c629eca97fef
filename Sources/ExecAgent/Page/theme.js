// A classic script in the head: the theme that was chosen holds before anything is painted.
try {
	document.documentElement.dataset.theme = localStorage.getItem('theme') || 'auto';
} catch {
	document.documentElement.dataset.theme = 'auto';
}
